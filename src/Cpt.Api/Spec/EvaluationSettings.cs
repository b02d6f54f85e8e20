using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>What is scored after every stage, how, and what a bad score leads to. Never part of what is trained.</summary>
public sealed record EvaluationSettings
{
    /// <summary>Which tasks of the chain are scored after a stage.</summary>
    public EvaluationScope? Scope { get; init; }

    /// <summary>General skills, scored after every stage and never trained on.</summary>
    [Items(0, 32)]
    [MapList("name")]
    public IReadOnlyList<Benchmark>? Benchmarks { get; init; }

    /// <summary>Limits that hold a run back.</summary>
    [Items(0, 8)]
    public IReadOnlyList<Gate>? Gates { get; init; }

    /// <summary>Sampling temperature; "0" = greedy.</summary>
    [Decimal(Minimum = 0, Maximum = 2)]
    public string? Temperature { get; init; }

    /// <summary>First n samples of every evaluation split; 0 = all.</summary>
    [Minimum(0)]
    public int? MaxSamples { get; init; }

    /// <summary>Longest answer, in tokens.</summary>
    [Minimum(1)]
    public int? MaxResponseTokens { get; init; }

    /// <summary>Measures how far the model has moved from the base model, after every stage. Both are in memory then.</summary>
    public DriftSettings? Drift { get; init; }

    /// <summary>How questions are put; as in training where it is left out and every RFT stage agrees, else Direct.</summary>
    public PromptMode? Prompt { get; init; }
}

/// <summary>Which tasks of the chain are scored after a stage.</summary>
public enum EvaluationScope
{
    /// <summary>Those learned so far.</summary>
    SeenTasks,

    /// <summary>All of them, which also shows what a stage does to tasks to come.</summary>
    AllTasks,
}

/// <summary>A general skill.</summary>
public sealed record Benchmark
{
    /// <summary>Its column in the matrix.</summary>
    [DnsLabel]
    public required string Name { get; init; }

    /// <summary>A task directory or generator.</summary>
    [UriScheme("azblob", "file", "pvc", "generated")]
    public required string Uri { get; init; }

    /// <summary>Overrides the scorer that the task names.</summary>
    public Scorer? Scorer { get; init; }
}

/// <summary>A limit on a measure, looked at after every stage.</summary>
public sealed record Gate
{
    /// <summary>What is measured.</summary>
    public required GateMetric Metric { get; init; }

    /// <summary>Largest value allowed, in percent (points); for drift in nats.</summary>
    [Decimal(Minimum = -100, Maximum = 100)]
    public string? Maximum { get; init; }

    /// <summary>Smallest value allowed, in percent (points); for drift in nats.</summary>
    [Decimal(Minimum = -100, Maximum = 100)]
    public string? Minimum { get; init; }

    /// <summary>How sure it must be that the limit is passed, for example "0.95": the whole bootstrap interval of this confidence has to lie beyond it. Where it is left out the measured value alone decides.</summary>
    [Decimal(Minimum = 0.5, Maximum = 0.999)]
    public string? Confidence { get; init; }

    /// <summary>What happens when the limit is passed.</summary>
    public GateAction? OnFailure { get; init; }
}

/// <summary>What a gate measures, in percent but for drift.</summary>
public enum GateMetric
{
    /// <summary>Points lost on earlier tasks since each was learned: 5 means 5 points forgotten (<c>status.forgetting</c> is then "-5.00").</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("forgetting")]
    Forgetting,

    /// <summary>Points lost on earlier tasks since the best score of each.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("forgettingFromPeak")]
    ForgettingFromPeak,

    /// <summary>Mean score over the tasks learned so far.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("averageAccuracy")]
    AverageAccuracy,

    /// <summary>Points lost on the benchmarks since the base model, on average.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("benchmarkDrop")]
    BenchmarkDrop,

    /// <summary>Points by which tasks were better right before they were learned than on the base model, on average. Needs scope AllTasks.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("forwardTransfer")]
    ForwardTransfer,

    /// <summary>Share of the samples of earlier tasks that the last stage turned from right to wrong: what an average hides when as many turn right.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("lostSamples")]
    LostSamples,

    /// <summary>Divergence from the base model on prompts of the learned tasks, in nats a token and not in percent: "0.5" is much. Needs <c>drift</c>.</summary>
    [System.Text.Json.Serialization.JsonStringEnumMemberName("drift")]
    Drift,
}

/// <summary>What happens when a gate's limit is passed.</summary>
public enum GateAction
{
    /// <summary>The run fails; later stages are skipped.</summary>
    Stop,

    /// <summary>The next stage is held back until the limit is changed or <c>retryToken</c> is.</summary>
    Suspend,

    /// <summary>The run goes on; the message says what was found.</summary>
    Continue,
}
