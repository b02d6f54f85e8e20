using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>What is. All of it can be rebuilt from the study's runs. Numbers are strings, in percent, as in the status of a run.</summary>
public sealed record ContinualStudyStatus
{
    /// <summary>The <c>metadata.generation</c> that this status is about.</summary>
    public long? ObservedGeneration { get; init; }

    /// <summary>Succeeded (the summary), Accepted, Suspended.</summary>
    [MapList("type")]
    public IReadOnlyList<Condition> Conditions { get; init => field = value ?? []; } = [];

    /// <summary>The reason of the condition Succeeded, as a column.</summary>
    public string? Reason { get; init; }

    /// <summary>What happens now, in a sentence.</summary>
    public string? Message { get; init; }

    /// <summary>Runs that succeeded of all, for example <c>5/12</c>.</summary>
    public string? RunsDone { get; init; }

    /// <summary>Runs that were started and have not ended.</summary>
    public int Active { get; init; }

    /// <summary>Runs that succeeded.</summary>
    public int Succeeded { get; init; }

    /// <summary>Runs that failed.</summary>
    public int Failed { get; init; }

    /// <summary>Runs whose turn has not come.</summary>
    public int Waiting { get; init; }

    /// <summary>The variant that the others are compared with.</summary>
    public string? Baseline { get; init; }

    /// <summary>When the first run was started.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>When the last run ended; null while one goes on.</summary>
    public DateTimeOffset? CompletionTime { get; init; }

    /// <summary>One entry for each variant, in order: mean and sample standard deviation over its finished runs.</summary>
    public IReadOnlyList<VariantStatus> Variants { get; init => field = value ?? []; } = [];

    /// <summary>One entry for each run, in the order in which they are started.</summary>
    public IReadOnlyList<StudyRunStatus> Runs { get; init => field = value ?? []; } = [];
}

/// <summary>What the finished runs of a variant say: <c>82.00 ± 2.00</c>, or the value alone where one has finished.</summary>
public sealed record VariantStatus
{
    /// <summary>The variant's name.</summary>
    public required string Name { get; init; }

    /// <summary>Its runs that succeeded of all, for example <c>2/3</c>.</summary>
    public string? RunsDone { get; init; }

    /// <summary>Mean score over the tasks after the last stage, percent.</summary>
    public string? AverageAccuracy { get; init; }

    /// <summary>Mean change on earlier tasks since each was learned, points; negative = forgotten.</summary>
    public string? Forgetting { get; init; }

    /// <summary>Mean change on earlier tasks since the best score of each, points; negative = forgotten.</summary>
    public string? ForgettingFromPeak { get; init; }

    /// <summary>Mean of the benchmarks after the last stage, percent.</summary>
    public string? GeneralSkills { get; init; }

    /// <summary>The same minus the base model's, points; negative = lost.</summary>
    public string? GeneralChange { get; init; }

    /// <summary>Difference of the average accuracy from the baseline, seed by seed, over the seeds that both have finished.</summary>
    public string? AverageAccuracyFromBaseline { get; init; }

    /// <summary>Difference of forgetting from the baseline, seed by seed, over the seeds that both have finished.</summary>
    public string? ForgettingFromBaseline { get; init; }
}

/// <summary>How one run stands.</summary>
public sealed record StudyRunStatus
{
    /// <summary>Name of the ContinualRun.</summary>
    public required string Name { get; init; }

    /// <summary>Its variant.</summary>
    public required string Variant { get; init; }

    /// <summary>Its seed.</summary>
    public required long Seed { get; init; }

    /// <summary>Where it stands.</summary>
    public required StudyRunState State { get; init; }

    /// <summary>The run's own reason.</summary>
    public string? Reason { get; init; }

    /// <summary>Mean score over the tasks learned so far, percent.</summary>
    public string? AverageAccuracy { get; init; }

    /// <summary>Mean change on earlier tasks since each was learned, points; negative = forgotten.</summary>
    public string? Forgetting { get; init; }
}

/// <summary>Where a run of a study stands.</summary>
public enum StudyRunState
{
    /// <summary>Its turn has not come: as many run as may, or another trains a stage that it can take over.</summary>
    Waiting,

    /// <summary>It was started and has not ended.</summary>
    Active,

    /// <summary>Finished.</summary>
    Succeeded,

    /// <summary>Given up.</summary>
    Failed,
}
