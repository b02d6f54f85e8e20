using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Planning;
using Cpt.Storage;

namespace Cpt.Cli.Reporting;

/// <summary>Collects what the page shows from the run and its storage. What is missing is left out: a report of half a run is a report.</summary>
/// <param name="store">Null: the storage is out of reach.</param>
/// <param name="time">When it was made.</param>
internal sealed class ReportGatherer(CheckpointStore? store, TimeProvider time)
{
    private const string CurvesFile = "training.jsonl";
    private const int LostExamples = 6;

    public async Task<ReportModel> GatherAsync(ReportSource source, CancellationToken cancellationToken = default)
    {
        var run = RunDefaults.Apply(source.Run);
        var document = source.Status;
        var stages = new List<ReportStage>();
        var previous = source.BaseModelDigest is { } digest ? await EvaluationAsync(Digests.BaselineHash(digest), cancellationToken) : null;
        foreach (var ((index, stage), stageStatus) in run.Spec.Stages.Index().Zip(document.Stages))
        {
            var manifest = stageStatus.StageHash is { } hash ? await ManifestAsync(hash, cancellationToken) : null;
            var evaluation = stageStatus.StageHash is { } row ? await EvaluationAsync(row, cancellationToken) : null;
            stages.Add(new ReportStage
            {
                Status = stageStatus,
                Tasks = [.. TaskColumns.Of(stage).Select(task => new ReportTask(task.Name, task.Uri, evaluation?.Scores.FirstOrDefault(score => score.Task == task.Name && score.Kind == ScoreKind.Task)?.TaskDigest))],
                Beside = TrainingText.Beside(StageSpecs.Training(run, index, taskDigest: null)).TrimStart(',', ' '),
                Training = manifest is null ? [] : await CurvesAsync(manifest, cancellationToken),
                Settings = StageSettings.Of(stage),
                Flips = [.. (evaluation?.Scores ?? []).Where(score => score.LostFromPrevious is not null).Select(score => new FlipCount(score.Task, score.LostFromPrevious ?? 0, score.GainedFromPrevious ?? 0, score.Samples))],
                LostExamples = Lost(previous, evaluation),
                Tokens = manifest?.Metrics.TryGetValue(StageMetrics.Tokens, out var tokens) == true ? (long)tokens : null,
                Chosen = Chosen(manifest?.Metrics),
                Probe = stage.Probe is not null && stageStatus.StageHash is { } probed ? await ProbeAsync(probed, cancellationToken) : null,
                DurationSeconds = source.SecondsOf(stage.Name),
            });
            previous = evaluation ?? previous;
        }

        return new ReportModel
        {
            Status = document,
            GeneratedAt = time.GetUtcNow(),
            BaseModel = source.Run.Spec.BaseModel.Uri,
            BaseModelDigest = source.BaseModelDigest,
            Storage = source.Run.Spec.Storage.Uri,
            Seed = run.Spec.Seed ?? 0,
            Stages = stages,
            Manifest = source.Manifest,
            StorageNote = source.StorageNote,
            TrainerVersion = typeof(ReportGatherer).Assembly.GetName().Version?.ToString(3) ?? "",
        };
    }

    private static ChosenInstances? Chosen(IReadOnlyDictionary<string, double>? metrics) => metrics is null || !metrics.ContainsKey(StageMetrics.Instances)
        ? null
        : new ChosenInstances(
            (int)metrics[StageMetrics.Instances], (int)metrics.GetValueOrDefault(StageMetrics.InstancesKept), (int)metrics.GetValueOrDefault(StageMetrics.NeverSolved),
            (int)metrics.GetValueOrDefault(StageMetrics.AlwaysSolved), metrics.GetValueOrDefault(StageMetrics.SolvedRate), (long)metrics.GetValueOrDefault(StageMetrics.InstanceTokens));

    private async Task<CheckpointManifest?> ManifestAsync(string stageHash, CancellationToken cancellationToken)
    {
        try
        {
            return store is null ? null : await store.ReadManifestAsync(stageHash, cancellationToken) ?? (await store.ListStepsAsync(stageHash, cancellationToken)).FirstOrDefault();
        }
        catch (StageFailureException)
        {
            return null;
        }
    }

    private async Task<ProbeReport?> ProbeAsync(string stageHash, CancellationToken cancellationToken)
    {
        try
        {
            return store is null ? null : await store.ReadProbeAsync(stageHash, cancellationToken);
        }
        catch (StageFailureException)
        {
            return null;
        }
    }

    private async Task<EvaluationDocument?> EvaluationAsync(string stageHash, CancellationToken cancellationToken)
    {
        try
        {
            return store is null ? null : await store.ReadEvaluationAsync(stageHash, cancellationToken);
        }
        catch (StageFailureException)
        {
            return null;
        }
    }

    private async Task<IReadOnlyList<TrainingPoint>> CurvesAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("cpt-report-").FullName;
        try
        {
            // Of the artifacts this one alone: an adapter is one as well, and large.
            await store!.DownloadAsync(manifest with { Files = [.. manifest.Files.Where(file => file.Path == CurvesFile)] }, directory, [FileRole.Artifact], null, cancellationToken);
            return [.. File.ReadLines(Path.Combine(directory, CurvesFile)).Select(Point).OfType<TrainingPoint>()];
        }
        catch (Exception error) when (error is StageFailureException or IOException or JsonException)
        {
            return [];
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static TrainingPoint? Point(string line)
    {
        if (JsonNode.Parse(line) is not JsonObject point || point["step"] is not { } step)
        {
            return null;
        }

        var values = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, value) in point)
        {
            if (value is JsonValue number && number.TryGetValue<double>(out var parsed))
            {
                values[name] = parsed;
            }
        }

        return new TrainingPoint((int)step.GetValue<double>(), values);
    }

    private static List<LostSample> Lost(EvaluationDocument? before, EvaluationDocument? after)
    {
        var lost = new List<LostSample>();
        foreach (var score in after?.Scores ?? [])
        {
            var earlier = before?.Scores.FirstOrDefault(known => known.Task == score.Task && known.Kind == score.Kind);
            if (earlier is null)
            {
                continue;
            }

            var right = earlier.Records.Where(record => record.Score >= 0.5).ToDictionary(record => record.Id, StringComparer.Ordinal);
            lost.AddRange(score.Records
                .Where(record => record.Score < 0.5 && right.ContainsKey(record.Id))
                .Take(LostExamples - lost.Count)
                .Select(record => new LostSample(score.Task, record.Id, right[record.Id].Response, record.Response)));
        }

        return lost;
    }
}
