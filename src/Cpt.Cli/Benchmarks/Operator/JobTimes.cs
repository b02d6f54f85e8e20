using System.Collections.Concurrent;
using System.Diagnostics;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>
/// When each stage's Job was accepted and when it was complete, as one watch told it. Both ends of a handoff come through the same watch, so its own delay falls out.
/// </summary>
internal sealed class JobTimes(KubernetesClient client, string @namespace)
{
    private readonly ConcurrentDictionary<(string Run, int Stage), long> _accepted = new();
    private readonly ConcurrentDictionary<(string Run, int Stage), long> _complete = new();
    private readonly ConcurrentDictionary<(string Run, int Stage, int Attempts), byte> _attempts = new();

    /// <summary>The newest Job seen, as a pattern.</summary>
    public Job? Last { get; private set; }

    public int Accepted => _accepted.Count;

    public int Complete => _complete.Count;

    /// <summary>First stages that are complete.</summary>
    public int CompleteFirst => _complete.Count(end => end.Key.Stage == 0);

    /// <summary>Jobs beyond the first of a stage: a clean measurement has none.</summary>
    public int Retries => _attempts.Count - _accepted.Count;

    /// <summary>Watches until cancelled.</summary>
    public async Task WatchAsync(CancellationToken cancellation)
    {
        var position = (await client.ListAsync<Job>(new() { Namespace = @namespace }, cancellation)).ResourceVersion;
        await foreach (var change in client.WatchAsync<Job>(new() { Namespace = @namespace, ResourceVersion = position }, cancellation))
        {
            if (change.Type is WatchEventType.Added or WatchEventType.Modified
                && change.Object.Metadata.Labels is { } labels
                && labels.TryGetValue(Labels.Run, out var run) && int.TryParse(labels.GetValueOrDefault(Labels.StageIndex), out var stage))
            {
                var now = Stopwatch.GetTimestamp();
                Last = change.Object;
                _accepted.TryAdd((run, stage), now);
                _attempts.TryAdd((run, stage, int.TryParse(labels.GetValueOrDefault(Labels.Attempt), out var attempt) ? attempt : 0), 0);
                if (change.Object.IsComplete)
                {
                    _complete.TryAdd((run, stage), now);
                }
            }
        }
    }

    public bool IsComplete(string run, int stage) => _complete.ContainsKey((run, stage));

    /// <summary>Whether any run has come to this stage.</summary>
    public bool HasAccepted(int stage) => _accepted.Keys.Any(start => start.Stage == stage);

    public bool IsAccepted(string run) => _accepted.ContainsKey((run, 0));

    public long AcceptedAt(string run) => _accepted[(run, 0)];

    /// <summary>Milliseconds from "stage complete" to "next stage's Job accepted".</summary>
    public double[] Handoffs() =>
    [
        .. _complete.Where(end => _accepted.ContainsKey((end.Key.Run, end.Key.Stage + 1)))
            .Select(end => Stopwatch.GetElapsedTime(end.Value, _accepted[(end.Key.Run, end.Key.Stage + 1)]).TotalMilliseconds),
    ];

    /// <summary>Handoffs a second from one moment (<see cref="Stopwatch.GetTimestamp"/>) to another.</summary>
    public double TransitionsPerSecond(long from, long to) =>
        _accepted.Count(start => start.Key.Stage > 0 && start.Value > from && start.Value <= to) / Stopwatch.GetElapsedTime(from, to).TotalSeconds;
}
