using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>A model directory in Hugging Face form.</summary>
public sealed record BaseModelSettings
{
    /// <summary>Where it lies. <c>file://./x</c> is relative to the manifest and only for <c>cpt run</c>; <c>bundled://</c> ships with the trainer.</summary>
    [Immutable]
    [UriScheme("azblob", "file", "pvc", "bundled")]
    public required string Uri { get; init; }
}

/// <summary>Where a run's checkpoints go.</summary>
public sealed record StorageSettings
{
    /// <summary>The root of the storage. Runs may share one: stages are told apart by content.</summary>
    [Immutable]
    [UriScheme("azblob", "file", "pvc")]
    public required string Uri { get; init; }

    /// <summary>Secret with the connection string or SAS as environment variables; none = workload identity.</summary>
    public SecretReference? SecretRef { get; init; }

    /// <summary>How many intermediate checkpoints are kept.</summary>
    public RetentionSettings? Retention { get; init; }

    /// <summary>What becomes of the artifacts when the run is deleted.</summary>
    public DeletionPolicy? DeletionPolicy { get; init; }
}

/// <summary>A Secret in the run's namespace.</summary>
public sealed record SecretReference
{
    /// <summary>Its name.</summary>
    [DnsLabel]
    public required string Name { get; init; }
}

/// <summary>How many intermediate checkpoints are kept; the final one of every stage always is.</summary>
public sealed record RetentionSettings
{
    /// <summary>Newest intermediate checkpoints kept while a stage trains.</summary>
    [Minimum(1)]
    [Maximum(1000)]
    public int? CheckpointsPerStage { get; init; }
}

/// <summary>What becomes of the artifacts when the run is deleted.</summary>
public enum DeletionPolicy
{
    /// <summary>They stay.</summary>
    Retain,

    /// <summary>The checkpoints of the stages that this run trained are removed.</summary>
    Delete,
}

/// <summary>When intermediate checkpoints are committed.</summary>
public sealed record CheckpointSettings
{
    /// <summary>Steps between two; 0 = only when stopped and at the end.</summary>
    [Minimum(0)]
    public int? IntervalSteps { get; init; }
}

/// <summary>What happens after an attempt fails. Preemptions cost nothing.</summary>
public sealed record RetrySettings
{
    /// <summary>Failed attempts in a row that may follow without a newer checkpoint before the stage has failed; 0 = no retry.</summary>
    [Minimum(0)]
    [Maximum(100)]
    public int? MaxRetries { get; init; }

    /// <summary>How long to wait: initial × 2ⁿ, at most max.</summary>
    public BackoffSettings? Backoff { get; init; }
}

/// <summary>Exponential backoff between retries.</summary>
public sealed record BackoffSettings
{
    /// <summary>Wait after the first failure; 10 where it is left out.</summary>
    [Minimum(0)]
    [Maximum(86400)]
    public int? InitialSeconds { get; init; }

    /// <summary>Longest wait; 600, or initialSeconds where that is more, where it is left out.</summary>
    [Minimum(0)]
    [Maximum(604800)]
    public int? MaxSeconds { get; init; }
}
