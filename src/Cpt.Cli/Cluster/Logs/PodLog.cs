using System.Net;
using System.Runtime.CompilerServices;
using Cpt.Kubernetes;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>The log of one pod: each line once and in order, whatever happens to the connection.</summary>
internal sealed class PodLog(ClusterSession session, AttemptPod pod, LogOptions wanted)
{
    private readonly SeenLines _seen = new();

    /// <summary>The last pass ended as it should: with the end of the log.</summary>
    public bool IsComplete { get; private set; }

    /// <summary>Why the last pass ended otherwise.</summary>
    public Exception? Broken { get; private set; }

    /// <summary>The pod is not there any more, and its log with it.</summary>
    public bool IsGone { get; private set; }

    /// <summary>One connection's worth of new lines.</summary>
    /// <param name="follow">False: what there is.</param>
    /// <param name="final">The container had ended before this pass began.</param>
    /// <param name="cancellation">Ends it.</param>
    public async IAsyncEnumerable<LogLine> PassAsync(bool follow, bool final, [EnumeratorCancellation] CancellationToken cancellation)
    {
        (IsComplete, Broken) = (false, null);
        _seen.Reconnect();
        var since = _seen.Since;
        var options = since is null
            ? wanted with { Follow = follow, Timestamps = true, Container = pod.Container }
            : new LogOptions { Follow = follow, Timestamps = true, Container = pod.Container, SinceTime = since };
        await using var log = await OpenAsync(options, cancellation);
        if (log is null)
        {
            yield break;
        }

        var lines = LogLine.ReadAsync(log, final, cancellation).GetAsyncEnumerator(cancellation);
        await using (lines)
        {
            while (await NextAsync(lines, cancellation) is { } line)
            {
                if (_seen.IsNew(line))
                {
                    yield return line;
                }
            }
        }
    }

    private async Task<Stream?> OpenAsync(LogOptions options, CancellationToken cancellation)
    {
        try
        {
            return await session.Client.ReadLogAsync(pod.Name, session.Namespace, options, cancellation);
        }
        catch (KubernetesException refused) when (refused.IsNotFound)
        {
            (IsGone, Broken) = (true, refused);
        }
        catch (KubernetesException refused) when (refused.IsTransient || refused.Code == HttpStatusCode.BadRequest)
        {
            // The server or the node is away; or the container has not started, whatever the pod's status says.
            Broken = refused;
        }

        return null;
    }

    private async ValueTask<LogLine?> NextAsync(IAsyncEnumerator<LogLine> lines, CancellationToken cancellation)
    {
        try
        {
            if (await lines.MoveNextAsync())
            {
                return lines.Current;
            }

            IsComplete = true;
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException && !cancellation.IsCancellationRequested)
        {
            Broken = error;
        }

        return null;
    }
}
