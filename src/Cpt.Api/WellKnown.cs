namespace Cpt.Api;

/// <summary>Labels on the Jobs and Pods of a run.</summary>
public static class Labels
{
    public const string Run = "cpt.dev/run";
    public const string Stage = "cpt.dev/stage";
    public const string StageIndex = "cpt.dev/stage-index";
    public const string Attempt = "cpt.dev/attempt";

    /// <summary>40 hex digits fit a label (63), so Jobs can be selected by what they train.</summary>
    public const string StageHash = "cpt.dev/stage-hash";

    public const string ManagedBy = "app.kubernetes.io/managed-by";
    public const string ManagedByValue = "cpt-operator";

    /// <summary>Kueue's.</summary>
    public const string Queue = "kueue.x-k8s.io/queue-name";
}

/// <summary>Annotations on the Jobs of a run.</summary>
public static class Annotations
{
    /// <summary>The run's <c>spec.retryToken</c> when the attempt began: failures under an older token do not count any more.</summary>
    public const string RetryToken = "cpt.dev/retry-token";
}

/// <summary>Who must act before a run disappears.</summary>
public static class Finalizers
{
    /// <summary>Removes the run's artifacts when <c>spec.storage.deletionPolicy</c> is Delete.</summary>
    public const string Artifacts = "cpt.dev/artifacts";
}

/// <summary>Types of the conditions in a run's status.</summary>
public static class ConditionTypes
{
    /// <summary>The summary: Unknown while the run goes on, then True or False for good.</summary>
    public const string Succeeded = "Succeeded";

    /// <summary>False: the spec cannot be carried out; the message names the field.</summary>
    public const string Accepted = "Accepted";

    /// <summary>False: the storage, or a model or task, cannot be read.</summary>
    public const string StorageReady = "StorageReady";

    /// <summary>True: held back by <c>spec.suspend</c> or a gate.</summary>
    public const string Suspended = "Suspended";

    /// <summary>True: nothing moves, and somebody should look.</summary>
    public const string Stalled = "Stalled";
}

/// <summary>Values of a condition's status.</summary>
public static class ConditionStatus
{
    public const string True = "True";
    public const string False = "False";
    public const string Unknown = "Unknown";
}

/// <summary>Reasons of conditions, the words users read in the REASON column.</summary>
public static class Reasons
{
    // Succeeded=Unknown
    public const string Pending = "Pending";
    public const string Queued = "Queued";
    public const string Running = "Running";
    public const string Evaluating = "Evaluating";
    public const string WaitingForRetry = "WaitingForRetry";
    public const string WaitingForStorage = "WaitingForStorage";
    public const string WaitingForJob = "WaitingForJob";
    public const string Suspending = "Suspending";
    public const string Suspended = "Suspended";
    public const string GateHeld = "GateHeld";
    public const string Deleting = "Deleting";

    // Succeeded=True
    public const string AllStagesFinished = "AllStagesFinished";

    // Succeeded=False
    public const string InvalidSpec = "InvalidSpec";
    public const string ImmutableChanged = "ImmutableChanged";
    public const string StageChanged = "StageChanged";
    public const string StageFailed = "StageFailed";
    public const string RetriesExhausted = "RetriesExhausted";
    public const string InputNotFound = "InputNotFound";
    public const string InputInvalid = "InputInvalid";
    public const string DeadlineExceeded = "DeadlineExceeded";
    public const string GateFailed = "GateFailed";

    // Other conditions
    public const string Valid = "Valid";
    public const string Readable = "Readable";
    public const string NotChecked = "NotChecked";
    public const string StorageUnavailable = "StorageUnavailable";
    public const string NotSuspended = "NotSuspended";
    public const string SpecSuspend = "SpecSuspend";
    public const string Moving = "Moving";
    public const string Finished = "Finished";
    public const string NoProgress = "NoProgress";
    public const string NotStarting = "NotStarting";
    public const string NeedsAttention = "NeedsAttention";
}
