using System.Text.Json.Serialization;
using Cpt.Api.Reading;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>What a run should do. Whatever is left out has a default.</summary>
public sealed record ContinualRunSpec : IJsonOnDeserialized
{
    /// <summary>Ten years: far more than anybody waits, and no sum of it with a time overflows.</summary>
    private const long LongestSeconds = 315_360_000;

    /// <summary>True: save, stop the pods and keep all progress. False again: go on with the next attempt.</summary>
    public bool? Suspend { get; init; }

    /// <summary>Change it (to anything) to retry a failed run from its failed stage, or to go on past a gate.</summary>
    [MaximumLength(63)]
    public string? RetryToken { get; init; }

    /// <summary>Seed of everything random in every stage. Equal seeds give equal weights on one kind of device.</summary>
    [Immutable]
    public long? Seed { get; init; }

    /// <summary>The model the chain starts from.</summary>
    public required BaseModelSettings BaseModel { get; init; }

    /// <summary>Where checkpoints and evaluations are kept.</summary>
    public required StorageSettings Storage { get; init; }

    /// <summary>How the pods of every stage look; a stage may override single fields.</summary>
    public WorkloadTemplate? Template { get; init; }

    /// <summary>Kueue: every Job is created suspended, with the label of this queue.</summary>
    public QueueReference? Queue { get; init; }

    /// <summary>When intermediate checkpoints are committed.</summary>
    public CheckpointSettings? Checkpoint { get; init; }

    /// <summary>What happens after an attempt fails.</summary>
    public RetrySettings? Retry { get; init; }

    /// <summary>What is scored after every stage, and what a bad score leads to.</summary>
    public EvaluationSettings? Evaluation { get; init; }

    /// <summary>IfUnchanged: a stage whose inputs were trained before is not trained again.</summary>
    public ReusePolicy? ReusePolicy { get; init; }

    /// <summary>The run fails when it is active for longer than this.</summary>
    [Minimum(1)]
    [Maximum(LongestSeconds)]
    public long? ActiveDeadlineSeconds { get; init; }

    /// <summary>The run is deleted this long after it ended; never where it is left out. Its artifacts follow <c>storage.deletionPolicy</c>.</summary>
    [Minimum(0)]
    [Maximum(LongestSeconds)]
    public long? TtlSecondsAfterFinished { get; init; }

    /// <summary>The tasks to learn, in this order. Stages may be added to the end at any time, also after the run ended.</summary>
    [Items(1, 64)]
    [MapList("name")]
    public required IReadOnlyList<RunStage> Stages { get; init; }

    /// <summary>JSON has nulls where the types have none; a server without schemas hands them on.</summary>
    void IJsonOnDeserialized.OnDeserialized() => Holes.Refuse(this, "spec");
}

/// <summary>When a stage that was trained before is trained again.</summary>
public enum ReusePolicy
{
    /// <summary>A stage with the same input weights, method, parameters and task data is reused.</summary>
    IfUnchanged,

    /// <summary>The run trains all of its stages for itself, and no other run takes them over. A run that is deleted and made anew trains again.</summary>
    Never,
}
