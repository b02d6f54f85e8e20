using Cpt.Cli.Status;

namespace Cpt.Cli.Reporting;

/// <summary>Everything the page shows, gathered before a line of HTML is written.</summary>
internal sealed record ReportModel
{
    public required StatusDocument Status { get; init; }

    public required DateTimeOffset GeneratedAt { get; init; }

    public required string BaseModel { get; init; }

    public string? BaseModelDigest { get; init; }

    public required string Storage { get; init; }

    public required long Seed { get; init; }

    public required IReadOnlyList<ReportStage> Stages { get; init; }

    /// <summary>The manifest as it ran.</summary>
    public required string Manifest { get; init; }

    public string TrainerVersion { get; init; } = "";

    /// <summary>Why curves and single answers are missing; null where they are not.</summary>
    public string? StorageNote { get; init; }
}

internal sealed record ReportStage
{
    public required StageStatusDocument Status { get; init; }

    /// <summary>One, or several that are learned together.</summary>
    public required IReadOnlyList<ReportTask> Tasks { get; init; }

    /// <summary>What is mixed into the training or holds it back, in words; empty for nothing.</summary>
    public string Beside { get; init; } = "";

    /// <summary>Lines of the stage's training.jsonl, oldest first.</summary>
    public IReadOnlyList<TrainingPoint> Training { get; init; } = [];

    /// <summary>Settings that decide the weights, by their manifest names.</summary>
    public IReadOnlyList<(string Name, string Value)> Settings { get; init; } = [];

    public IReadOnlyList<FlipCount> Flips { get; init; } = [];

    /// <summary>Samples that were right before this stage and are wrong after it: a few, to read.</summary>
    public IReadOnlyList<LostSample> LostExamples { get; init; } = [];

    public long? Tokens { get; init; }

    /// <summary>What the input model's rollouts before step 1 showed; null where the stage learned from every sample.</summary>
    public ChosenInstances? Chosen { get; init; }

    /// <summary>What the probe before the stage found.</summary>
    public Contract.ProbeReport? Probe { get; init; }

    public double? DurationSeconds { get; init; }
}

/// <param name="Instances">Train samples.</param>
/// <param name="Kept">Of these, learned from.</param>
/// <param name="NeverSolved">Of these, solved by no rollout.</param>
/// <param name="AlwaysSolved">Of these, solved by every rollout.</param>
/// <param name="SolvedRate">Share of rollouts that solved their sample.</param>
/// <param name="Tokens">Sampled for it.</param>
internal sealed record ChosenInstances(int Instances, int Kept, int NeverSolved, int AlwaysSolved, double SolvedRate, long Tokens);

/// <param name="Name">Its column.</param>
/// <param name="Uri">Where its data is.</param>
/// <param name="Digest">Of what was scored; null where nothing was.</param>
internal sealed record ReportTask(string Name, string Uri, string? Digest);

/// <param name="Step">1-based.</param>
/// <param name="Values">By name as the trainer wrote them: loss, reward, kl, gradientNorm, learningRate, …</param>
internal sealed record TrainingPoint(int Step, IReadOnlyDictionary<string, double> Values);

/// <param name="Task">A task or benchmark.</param>
/// <param name="Lost">Right in the previous row, wrong in this one.</param>
/// <param name="Gained">Wrong in the previous row, right in this one.</param>
/// <param name="Samples">Scored.</param>
internal sealed record FlipCount(string Task, int Lost, int Gained, int Samples);

internal sealed record LostSample(string Task, string Id, string Before, string After);
