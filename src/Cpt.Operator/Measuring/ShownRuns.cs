using Cpt.Api;
using Cpt.Controllers;
using Cpt.Operator.Runs;
using Cpt.Runs;

namespace Cpt.Operator.Measuring;

/// <summary>Runs that this process has looked after, read from the cache when somebody asks: a standby knows them too, and every sum would count them twice.</summary>
internal sealed class ShownRuns(IInformerCache<RunObject> runs, RunMemories memories)
{
    /// <summary>Runs with series of their own; the newest. A matrix is many series, and a Prometheus holds only so many.</summary>
    private const int Most = 1000;

    public IReadOnlyList<RunObject> All() => [.. runs.List().Where(run => memories.Find(run.Metadata.Uid!) is not null)];

    public IEnumerable<(RunObject Run, ContinualRunStatus Status)> Newest()
    {
        var all = All();
        IEnumerable<RunObject> newest = all.Count <= Most ? all : all.OrderByDescending(run => run.Metadata.CreationTimestamp).Take(Most);
        return newest.Where(run => run.Status.Value is not null).Select(run => (run, run.Status.Value!));
    }

    /// <summary>Labels that name a run, and then others.</summary>
    public static KeyValuePair<string, object?>[] Labels(RunObject run, params ReadOnlySpan<(string Name, string? Value)> more)
    {
        var labels = new KeyValuePair<string, object?>[2 + more.Length];
        labels[0] = new("namespace", run.Metadata.Namespace);
        labels[1] = new("run", run.Metadata.Name);
        for (var i = 0; i < more.Length; i++)
        {
            labels[2 + i] = new(more[i].Name, more[i].Value);
        }

        return labels;
    }
}
