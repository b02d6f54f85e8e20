using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cpt.Api.Tests.Schema;

/// <summary>The longest chain, after a hard life: 64 stages, every retry used in each, all scored on everything.</summary>
internal static class LongRun
{
    private const int Count = 64;
    private const int Retries = 3;

    private static readonly DateTimeOffset s_start = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    public static ContinualRun Spec() => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = new ObjectMeta { Name = "sixty-four-tasks" },
        Spec = new ContinualRunSpec
        {
            BaseModel = new BaseModelSettings { Uri = "azblob://models/qwen2.5-7b-instruct" },
            Storage = new StorageSettings { Uri = "azblob://checkpoints/sixty-four-tasks", SecretRef = new SecretReference { Name = "cpt-storage" } },
            Template = new WorkloadTemplate { Image = "registry.example/cpt-trainer@sha256:" + Digest("image") },
            Evaluation = new EvaluationSettings
            {
                Scope = EvaluationScope.AllTasks,
                Benchmarks = [.. Enumerable.Range(0, 4).Select(index => new Benchmark { Name = Text($"benchmark-{index}"), Uri = Text($"azblob://bench/benchmark-{index}") })],
                Gates = [new Gate { Metric = GateMetric.Forgetting, Maximum = "5" }],
            },
            Retry = new RetrySettings { MaxRetries = Retries },
            Stages = [.. Enumerable.Range(0, Count).Select(index => new RunStage
            {
                Name = Name(index),
                Method = Method.RFT,
                Task = new StageTask { Uri = Text($"azblob://data/task-number-{index}/v1"), Scorer = Scorer.ChoiceLetter },
                Rft = new RftSettings { Algorithm = Algorithm.GRPO, GroupSize = 8, KlCoefficient = "0.01", Prompt = PromptMode.ChainOfThought },
                Parameters = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    [StageParameters.LearningRate] = "1e-6", [StageParameters.Epochs] = "1", [StageParameters.BatchSize] = "64", [StageParameters.MaxSequenceTokens] = "4096",
                },
            })],
        },
    };

    public static ContinualRunStatus Status(ContinualRun run)
    {
        var message = "The last of 4 attempts ended with exit code 70: " + new string('x', 900);
        return new ContinualRunStatus
        {
            ObservedGeneration = 64,
            Conditions = [.. new[] { ConditionTypes.Succeeded, ConditionTypes.Accepted, ConditionTypes.StorageReady, ConditionTypes.Suspended, ConditionTypes.Stalled }.Select(type => new Condition
            {
                Type = type,
                Status = ConditionStatus.False,
                Reason = Reasons.RetriesExhausted,
                Message = type is ConditionTypes.Succeeded or ConditionTypes.Stalled ? message : "",
                ObservedGeneration = 64,
                LastTransitionTime = s_start,
            })],
            Reason = Reasons.RetriesExhausted,
            Message = message,
            CurrentStage = Name(Count - 1),
            StagesDone = "63/64",
            Progress = "1950/2000",
            Methods = "RFT",
            StartTime = s_start,
            CompletionTime = s_start.AddDays(64),
            LastRetryToken = "a-token",
            ImmutableFields = ImmutableFields.Of(run),
            BaseModelDigest = "sha256:" + Digest("base"),
            Checkpoint = "sha256:" + Digest("last"),
            Retries = Count * Retries,
            Preemptions = Count,
            AverageAccuracy = "64.53",
            Forgetting = "-12.35",
            ForgettingFromPeak = "-14.05",
            Matrix = new MatrixStatus
            {
                Tasks = [.. run.Spec.Stages.Select(stage => stage.Name)],
                Benchmarks = [.. run.Spec.Evaluation!.Benchmarks!.Select(benchmark => benchmark.Name)],
                Rows = [.. Enumerable.Range(0, Count + 1).Select(row => new MatrixRowStatus
                {
                    After = row == 0 ? "" : Name(row - 1),
                    Tasks = [.. Enumerable.Range(0, Count).Select(column => Cell(row, column))],
                    Benchmarks = [.. Enumerable.Range(0, 4).Select(column => Cell(row, column + Count))],
                })],
            },
            Stages = [.. run.Spec.Stages.Index().Select(entry => new StageStatus
            {
                Name = entry.Item.Name,
                Method = Method.RFT,
                State = entry.Index == Count - 1 ? StageState.Failed : StageState.Succeeded,
                StageHash = Digest($"stage {entry.Index}")[..40],
                SpecHash = Digest($"spec {entry.Index}")[..16],
                Attempts = Retries + 2,
                JudgedAttempts = Retries + 2,
                Retries = Retries,
                Preemptions = 1,
                Job = $"{run.Metadata.Name}-{entry.Item.Name}-a{Retries + 2}",
                CheckpointDigest = "sha256:" + Digest($"model {entry.Index}"),
                CheckpointStep = 2000,
                Progress = "2000/2000",
                StartedAt = s_start.AddDays(entry.Index),
                FinishedAt = s_start.AddDays(entry.Index + 1),
                LastExitCode = 0,
                Reason = entry.Index == Count - 1 ? "Internal" : null,
                Message = entry.Index == Count - 1 ? message : null,
            })],
        };
    }

    private static string Name(int index) => Text($"task-number-{index:00}");

    private static string Cell(int row, int column) => ((row * 31 + column * 17) % 10000 / 100.0).ToString("0.00", CultureInfo.InvariantCulture);

    private static string Digest(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    private static string Text(FormattableString text) => FormattableString.Invariant(text);
}
