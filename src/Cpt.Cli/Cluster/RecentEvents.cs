using Cpt.Api;
using Cpt.Cli.Status;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary>What the cluster noted lately about a run, and about pods of it that do not start: a missing image or a full cluster is told there and nowhere else.</summary>
internal static class RecentEvents
{
    private const int Shown = 10;
    private const int PodsAsked = 3;

    /// <returns>Oldest first; empty where the user may not read events.</returns>
    public static async Task<IReadOnlyList<RunEvent>> OfAsync(ClusterSession session, RunObject run)
    {
        try
        {
            var events = await AboutAsync(session, ContinualRun.KindName, run.Metadata.Name!, run.Metadata.Uid);
            foreach (var pod in (await WaitingPodsAsync(session, run.Metadata.Name!)).Take(PodsAsked))
            {
                events.AddRange(await AboutAsync(session, "Pod", pod.Metadata.Name!, pod.Metadata.Uid));
            }

            return [.. events.OrderBy(what => what.Time).TakeLast(Shown)];
        }
        catch (KubernetesException refused) when (refused.IsForbidden || refused.IsNotFound)
        {
            return [];
        }
    }

    private static async Task<List<RunEvent>> AboutAsync(ClusterSession session, string kind, string name, string? uid)
    {
        var found = await session.Client.ListAsync<Event>(new() { Namespace = session.Namespace, FieldSelector = $"regarding.kind={kind},regarding.name={name}" }, session.Stop);
        // An earlier object of the same name has left its events behind.
        return [.. found.Items.Where(what => what.Regarding?.Uid is null or "" || what.Regarding.Uid == uid).Select(what => Of(what, kind == ContinualRun.KindName ? null : $"pod/{name}"))];
    }

    private static async Task<IEnumerable<Pod>> WaitingPodsAsync(ClusterSession session, string run) =>
        (await session.Client.ListAsync<Pod>(new() { Namespace = session.Namespace, LabelSelector = $"{Labels.Run}={run}" }, session.Stop)).Items
            .Where(pod => pod.Status?.Phase is null or "Pending");

    private static RunEvent Of(Event what, string? about) => new(
        what.Series?.LastObservedTime ?? what.DeprecatedLastTimestamp ?? what.EventTime ?? what.Metadata.CreationTimestamp ?? DateTimeOffset.MinValue,
        what.Type ?? "Normal",
        what.Reason ?? "",
        about,
        what.Series?.Count ?? what.DeprecatedCount ?? 1,
        what.Note ?? "");
}
