using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>
/// What any operator would at least have to do: when a Job is complete, the same writes of the same kinds and sizes as ours makes for a stage, and not a thought in
/// between. As fast as it goes, the API server goes.
/// </summary>
internal sealed class NullController(KubernetesClient client, string @namespace, Job pattern, JsonObject status, IReadOnlyDictionary<string, double> callsPerStage)
{
    private const int Workers = 32;

    /// <summary>Runs all chains to their ends.</summary>
    public async Task RunAsync(int chains, int stages, CancellationToken cancellation)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var due = Channel.CreateUnbounded<(RunObject Run, int Stage)>();
        var runs = new Dictionary<string, RunObject>(StringComparer.Ordinal);
        for (var i = 0; i < chains; i++)
        {
            var run = await client.CreateAsync(RunObject.Of(BenchRuns.Of(@namespace, BenchRuns.Name("null-", i), stages)), cancellation: cancellation);
            runs[run.Metadata.Name!] = run;
            due.Writer.TryWrite((run, 0));
        }

        var left = chains;
        var watching = WatchAsync((name, stage) =>
        {
            if (stage + 1 < stages)
            {
                due.Writer.TryWrite((runs[name], stage + 1));
            }
            else if (Interlocked.Decrement(ref left) == 0)
            {
                due.Writer.Complete();
            }
        }, end.Token);
        var working = Parallel.ForEachAsync(due.Reader.ReadAllAsync(end.Token), new ParallelOptions { MaxDegreeOfParallelism = Workers, CancellationToken = end.Token },
            async (next, cancellation) => await StepAsync(next.Run, next.Stage, cancellation));
        await await Task.WhenAny(working, watching);
        await end.CancelAsync();
    }

    private async Task WatchAsync(Action<string, int> onComplete, CancellationToken cancellation)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var position = (await client.ListAsync<Job>(new() { Namespace = @namespace }, cancellation)).ResourceVersion;
        await foreach (var change in client.WatchAsync<Job>(new() { Namespace = @namespace, ResourceVersion = position }, cancellation))
        {
            if (change.Type == WatchEventType.Modified && change.Object.IsComplete && seen.Add(change.Object.Metadata.Name!))
            {
                onComplete(change.Object.Metadata.Labels![Labels.Run], int.Parse(change.Object.Metadata.Labels[Labels.StageIndex], CultureInfo.InvariantCulture));
            }
        }
    }

    private async Task StepAsync(RunObject run, int stage, CancellationToken cancellation)
    {
        var number = 0;
        foreach (var (call, count) in callsPerStage.Where(call => AuditCounts.IsWrite(call.Key) && !AuditCounts.IsLease(call.Key)))
        {
            for (var i = 0; i < (int)Math.Round(count); i++)
            {
                switch (call)
                {
                    case "create jobs":
                        await client.CreateAsync(JobOf(run, stage), cancellation: cancellation);
                        break;
                    case "create events":
                        await client.CreateAsync(EventOf(run, stage, number++), cancellation: cancellation);
                        break;
                    default:
                        var changed = (JsonObject)status.DeepClone();
                        changed["message"] = string.Create(CultureInfo.InvariantCulture, $"Stage {stage}, write {number++}.");
                        await client.PatchStatusAsync<RunObject>(run.Metadata.Name!, @namespace, Patch.Set("status", changed), cancellation: cancellation);
                        break;
                }
            }
        }
    }

    private Job JobOf(RunObject run, int stage)
    {
        var name = run.Metadata.Name!;
        var template = pattern.Spec.Template;
        var spec = JsonSerializer.Deserialize(template.Metadata!.Annotations![ClusterStandIn.StageAnnotation], ContractJson.Default.StageSpec)! with
        {
            Run = name,
            Namespace = @namespace,
            Index = stage,
            StageHash = Digests.OfText($"{name}/{stage}")[..40],
            StorageUri = run.Spec.Value!.Storage.Uri,
        };
        return new()
        {
            Metadata = new()
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"{name}-s{stage}-a1"),
                Namespace = @namespace,
                Labels = new(pattern.Metadata.Labels!, StringComparer.Ordinal) { [Labels.Run] = name, [Labels.StageIndex] = stage.ToString(CultureInfo.InvariantCulture), [Labels.Attempt] = "1" },
                Annotations = pattern.Metadata.Annotations,
                OwnerReferences = [OwnerReference.ControllerOf(run)],
            },
            Spec = pattern.Spec with
            {
                // What the server filled in for the pattern belongs to the pattern.
                Selector = null,
                Template = template with
                {
                    Metadata = new()
                    {
                        Labels = template.Metadata.Labels!.Where(label => label.Key.StartsWith("cpt.dev/", StringComparison.Ordinal)).ToDictionary(StringComparer.Ordinal),
                        Annotations = new(StringComparer.Ordinal) { [ClusterStandIn.StageAnnotation] = JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec) },
                    },
                },
            },
        };
    }

    private Event EventOf(RunObject run, int stage, int number) => new()
    {
        Metadata = new() { Name = string.Create(CultureInfo.InvariantCulture, $"{run.Metadata.Name}.{stage}.{number}"), Namespace = @namespace },
        EventTime = DateTimeOffset.UnixEpoch,
        ReportingController = "bench",
        ReportingInstance = "bench",
        Action = "Bench",
        Reason = "Bench",
        Type = "Normal",
        Note = "A note as long as those of the operator are.",
        Regarding = ObjectReference.Of(run),
    };
}
