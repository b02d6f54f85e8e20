namespace Cpt.Api;

/// <summary>Labels on the Jobs and Pods of a run.</summary>
public static class Labels
{
    /// <summary>The run's name.</summary>
    public const string Run = "cpt.dev/run";

    /// <summary>The stage's name.</summary>
    public const string Stage = "cpt.dev/stage";

    /// <summary>The stage's place in the chain, from 0.</summary>
    public const string StageIndex = "cpt.dev/stage-index";

    /// <summary>Number of the attempt, from 1.</summary>
    public const string Attempt = "cpt.dev/attempt";

    /// <summary>40 hex digits fit a label (63), so Jobs can be selected by what they train.</summary>
    public const string StageHash = "cpt.dev/stage-hash";

    /// <summary>Whose it is: the operator looks at nothing else.</summary>
    public const string ManagedBy = "app.kubernetes.io/managed-by";

    /// <summary>Of <see cref="ManagedBy"/>.</summary>
    public const string ManagedByValue = "cpt-operator";

    /// <summary>Kueue's: spec.queue.name.</summary>
    public const string Queue = "kueue.x-k8s.io/queue-name";
}

/// <summary>Annotations on the Jobs and Pods of a run.</summary>
public static class Annotations
{
    /// <summary>On the pod: stage.json, the contract of the attempt, which a volume shows to the trainer.</summary>
    public const string Stage = "cpt.dev/stage";

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

    /// <summary>The next attempt is on record; its Job, or its pod, is on its way.</summary>
    public const string Pending = "Pending";

    /// <summary>The Job waits in its queue (Kueue) to be admitted.</summary>
    public const string Queued = "Queued";

    /// <summary>The current stage trains, or its trainer is ending after it was asked to.</summary>
    public const string Running = "Running";

    /// <summary>The current stage is trained and committed; its scores are being made.</summary>
    public const string Evaluating = "Evaluating";

    /// <summary>An attempt failed; the next one starts at status.nextRetryTime.</summary>
    public const string WaitingForRetry = "WaitingForRetry";

    /// <summary>Something in storage cannot be read for now; it is tried again every 15 seconds.</summary>
    public const string WaitingForStorage = "WaitingForStorage";

    /// <summary>A Job that does not train what the run asks for now is ending; nothing starts beside it.</summary>
    public const string WaitingForJob = "WaitingForJob";

    /// <summary>spec.suspend is true; the trainer saves and ends.</summary>
    public const string Suspending = "Suspending";

    /// <summary>spec.suspend is true, and nothing runs.</summary>
    public const string Suspended = "Suspended";

    /// <summary>A gate with onFailure Suspend holds the next stage back.</summary>
    public const string GateHeld = "GateHeld";

    /// <summary>The run was deleted; its trainer is ending, or its artifacts are being removed.</summary>
    public const string Deleting = "Deleting";

    // Succeeded=True

    /// <summary>Every stage is finished and scored.</summary>
    public const string AllStagesFinished = "AllStagesFinished";

    // Succeeded=False

    /// <summary>A field of the spec is wrong; the condition Accepted names it.</summary>
    public const string InvalidSpec = "InvalidSpec";

    /// <summary>A field was changed that may not change.</summary>
    public const string ImmutableChanged = "ImmutableChanged";

    /// <summary>A finished stage was edited, moved or removed.</summary>
    public const string StageChanged = "StageChanged";

    /// <summary>A stage ended in a way that another attempt would not cure (exit codes 64, 65, 66).</summary>
    public const string StageFailed = "StageFailed";

    /// <summary>A stage failed more often in a row than spec.retry.maxRetries allows.</summary>
    public const string RetriesExhausted = "RetriesExhausted";

    /// <summary>The base model or a task does not exist.</summary>
    public const string InputNotFound = "InputNotFound";

    /// <summary>The base model, a task or a checkpoint was read and is wrong.</summary>
    public const string InputInvalid = "InputInvalid";

    /// <summary>The run was active for longer than spec.activeDeadlineSeconds.</summary>
    public const string DeadlineExceeded = "DeadlineExceeded";

    /// <summary>A gate with onFailure Stop was passed.</summary>
    public const string GateFailed = "GateFailed";

    // Other conditions

    /// <summary>The spec can be carried out.</summary>
    public const string Valid = "Valid";

    /// <summary>What was looked up in storage last could be read.</summary>
    public const string Readable = "Readable";

    /// <summary>Nothing was looked up in storage yet.</summary>
    public const string NotChecked = "NotChecked";

    /// <summary>A look into storage goes on: a large model is being hashed, for example.</summary>
    public const string Reading = "Reading";

    /// <summary>The storage does not answer, refuses, or its credentials are missing.</summary>
    public const string StorageUnavailable = "StorageUnavailable";

    /// <summary>Nothing holds the run back.</summary>
    public const string NotSuspended = "NotSuspended";

    /// <summary>spec.suspend is true.</summary>
    public const string SpecSuspend = "SpecSuspend";

    /// <summary>The run goes on, or waits for something that has a time.</summary>
    public const string Moving = "Moving";

    /// <summary>The run has succeeded.</summary>
    public const string Finished = "Finished";

    /// <summary>The pod runs, but the step count has not moved for 15 minutes.</summary>
    public const string NoProgress = "NoProgress";

    /// <summary>The pod has not started for 15 minutes.</summary>
    public const string NotStarting = "NotStarting";

    /// <summary>The run has failed, or a gate holds it: it waits for a person.</summary>
    public const string NeedsAttention = "NeedsAttention";

    /// <summary>Which of them a condition can have, by its status. Of StorageReady=False these are the usual ones: whatever a look into storage ends with stands there.</summary>
    public static IReadOnlyList<(string Condition, string Status, IReadOnlyList<string> Reasons)> ByCondition { get; } =
    [
        (ConditionTypes.Succeeded, ConditionStatus.Unknown, [Pending, Queued, Running, Evaluating, WaitingForRetry, WaitingForStorage, WaitingForJob, Suspending, Suspended, GateHeld, Deleting]),
        (ConditionTypes.Succeeded, ConditionStatus.True, [AllStagesFinished]),
        (ConditionTypes.Succeeded, ConditionStatus.False, [InvalidSpec, ImmutableChanged, StageChanged, StageFailed, RetriesExhausted, InputNotFound, InputInvalid, DeadlineExceeded, GateFailed]),
        (ConditionTypes.Accepted, ConditionStatus.True, [Valid]),
        (ConditionTypes.Accepted, ConditionStatus.False, [InvalidSpec, ImmutableChanged, StageChanged]),
        (ConditionTypes.StorageReady, ConditionStatus.True, [Readable]),
        (ConditionTypes.StorageReady, ConditionStatus.False, [Reading, StorageUnavailable]),
        (ConditionTypes.StorageReady, ConditionStatus.Unknown, [NotChecked]),
        (ConditionTypes.Suspended, ConditionStatus.True, [SpecSuspend, GateHeld]),
        (ConditionTypes.Suspended, ConditionStatus.False, [NotSuspended]),
        (ConditionTypes.Stalled, ConditionStatus.True, [NotStarting, NoProgress, NeedsAttention]),
        (ConditionTypes.Stalled, ConditionStatus.False, [Moving, Finished]),
    ];
}
