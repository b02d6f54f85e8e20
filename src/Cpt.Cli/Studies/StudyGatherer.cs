using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Studies;

/// <summary>Collects a study's results from its runs' directories and their storage; also while it goes on.</summary>
internal sealed class StudyGatherer(StudySource source, StudyDirectory place, TimeProvider time)
{
    private readonly Dictionary<string, CheckpointStore> _stores = new(StringComparer.Ordinal);

    public async Task<StudyResults> GatherAsync(CancellationToken cancellationToken = default)
    {
        // A stage that was shared was trained by one run: its time stands in that run's records.
        var seconds = source.Runs.SelectMany(run => JobRecord.LoadAll(place.Run(run.Run.Metadata.Name)))
            .GroupBy(job => job.StageHash, StringComparer.Ordinal)
            .ToDictionary(jobs => jobs.Key, jobs => jobs.Sum(job => ((job.FinishedAt ?? time.GetUtcNow()) - job.StartedAt).TotalSeconds), StringComparer.Ordinal);
        var runs = new List<StudyRunFacts>();
        foreach (var run in source.Runs)
        {
            runs.Add(await RunAsync(run, seconds, cancellationToken));
        }

        return new StudyResults(source.Study, runs);
    }

    private async Task<StudyRunFacts> RunAsync(StudyRun run, Dictionary<string, double> seconds, CancellationToken cancellationToken)
    {
        var work = place.Run(run.Run.Metadata.Name);
        var status = StatusDocuments.Build(run.Run, StatusFile.Read(work), work, active: WorkLock.Holder(work) is not null);
        var facts = new StudyRunFacts { Variant = run.Variant, Seed = run.Seed, Status = status };
        if (!facts.Succeeded)
        {
            return facts;
        }

        var hashes = status.Stages.Select(stage => stage.StageHash).OfType<string>().ToList();
        var metrics = new List<IReadOnlyDictionary<string, double>>();
        foreach (var hash in hashes)
        {
            metrics.AddRange(await MetricsAsync(run, work, hash, cancellationToken) is { } found ? [found] : []);
        }

        var whole = metrics.Count == status.Stages.Count;
        var (looked, kept) = (metrics.Sum(stage => stage.GetValueOrDefault(StageMetrics.Instances)), metrics.Sum(stage => stage.GetValueOrDefault(StageMetrics.InstancesKept)));
        return facts with
        {
            // What was sampled to choose the samples was paid for as well.
            Tokens = whole && metrics.TrueForAll(stage => stage.ContainsKey(StageMetrics.Tokens)) ? (long)metrics.Sum(stage => stage[StageMetrics.Tokens] + stage.GetValueOrDefault(StageMetrics.InstanceTokens)) : null,
            Seconds = hashes.Count == status.Stages.Count && hashes.TrueForAll(seconds.ContainsKey) ? hashes.Sum(hash => seconds[hash]) : null,
            KeptFraction = looked > 0 ? kept / looked : null,
        };
    }

    /// <summary>Null where storage does not have it any more, or does not answer: a table without tokens is a table.</summary>
    private async Task<IReadOnlyDictionary<string, double>?> MetricsAsync(StudyRun run, WorkDirectory work, string stageHash, CancellationToken cancellationToken)
    {
        try
        {
            var uri = run.Run.Spec.Storage.Uri;
            if (!_stores.TryGetValue(uri, out var store))
            {
                _stores[uri] = store = CheckpointStore.Open(uri, new LocalEnvironment(work).StorageOptions(_ => { }));
            }

            return (await store.ReadManifestAsync(stageHash, cancellationToken))?.Metrics;
        }
        catch (StageFailureException)
        {
            return null;
        }
    }
}
