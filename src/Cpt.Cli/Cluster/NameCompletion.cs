using System.CommandLine;
using System.CommandLine.Completions;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary>
/// Names from the cluster for a shell that completes a word. A shell must not hang or be scolded: no answer in time means no names. Who has a slow server
/// types <c>--request-timeout</c> first.
/// </summary>
internal static class NameCompletion
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);

    public static IEnumerable<CompletionItem> Ask(ParseResult? result, ClusterOptions options, Func<ClusterSession, Task<IEnumerable<string>>> names)
    {
        if (result is null)
        {
            return [];
        }

        try
        {
            using var stop = new CancellationTokenSource(result.GetValue(options.RequestTimeout) is { } typed && typed > TimeSpan.Zero ? typed : s_patience);
            using var session = ClusterSession.Open(result, options, stop.Token, patient: false);
            return [.. Task.Run(() => names(session)).GetAwaiter().GetResult().Select(name => new CompletionItem(name))];
        }
        catch (Exception error) when (error is KubernetesException or KubeconfigException or OperationCanceledException or IOException)
        {
            return [];
        }
    }

    /// <summary>Runs of the namespace that was typed, or of the context's.</summary>
    public static Func<CompletionContext, IEnumerable<CompletionItem>> Runs(ClusterOptions options) => context => Ask(context.ParseResult, options, async session =>
        (await session.Client.ListAsync<RunObject>(new() { Namespace = session.Namespace }, session.Stop)).Items.Select(run => run.Metadata.Name!));

    /// <summary>Stages of the run that was typed.</summary>
    public static Func<CompletionContext, IEnumerable<CompletionItem>> Stages(ClusterOptions options, Argument<string?> run) => context => Ask(context.ParseResult, options, async session =>
        context.ParseResult.GetValue(run) is { Length: > 0 } name
            ? (await session.Client.GetAsync<RunObject>(name, session.Namespace, session.Stop)).Spec.Value?.Stages.Select(stage => stage.Name) ?? []
            : []);
}
