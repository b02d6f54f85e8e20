using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>
/// What to do. Carry out <see cref="Actions"/> in order and stop at the first that fails; then observe and decide again. Every action
/// may be repeated: a Job that exists already is not an error for <see cref="PlanAction.CreateJob"/>, nor one that is gone for <see cref="PlanAction.DeleteJob"/>.
/// </summary>
public sealed record Plan
{
    public IReadOnlyList<PlanAction> Actions { get; init; } = [];

    /// <summary>The next status, also when it does not differ from the observed one (then nothing is written).</summary>
    public required ContinualRunStatus Status { get; init; }

    /// <summary>When to look again although nothing was seen to change; null: only when something changes.</summary>
    public DateTimeOffset? RequeueAt { get; init; }

    /// <summary>Why, rule by rule, in the order in which the rules spoke.</summary>
    public IReadOnlyList<Explanation> Explanations { get; init; } = [];

    /// <summary>Succeeded and Failed are for good, until the spec changes.</summary>
    public required RunOutcome Outcome { get; init; }
}

public enum RunOutcome
{
    /// <summary>Something is going on, or will.</summary>
    Active,

    /// <summary>Held back by <c>spec.suspend</c> or a gate; nothing will happen until the spec changes.</summary>
    Suspended,

    Succeeded,

    Failed,
}

/// <param name="Rule">The rule that spoke, for example <c>Reuse</c>.</param>
/// <param name="Stage">The stage it is about; empty for the run.</param>
/// <param name="Reason">CamelCase.</param>
/// <param name="Message">For people.</param>
public sealed record Explanation(string Rule, string Stage, string Reason, string Message);

/// <summary>One thing to do.</summary>
public abstract record PlanAction
{
    /// <summary>
    /// Write the status; always the first action, so that an attempt's number is on record before its Job exists.
    /// </summary>
    /// <param name="Status">Equal to <see cref="Plan.Status"/>.</param>
    /// <param name="ProgressOnly">Only step counts moved: may be put off or left out.</param>
    public sealed record PersistStatus(ContinualRunStatus Status, bool ProgressOnly) : PlanAction;

    /// <summary>Create the Job of an attempt, once. Exists already: fine if it is owned by this run.</summary>
    /// <param name="JobName"><c>&lt;run&gt;-&lt;stage&gt;-a&lt;N&gt;</c>.</param>
    /// <param name="Spec">stage.json.</param>
    /// <param name="RetryToken">Kept on the Job, see <see cref="ObservedJob.RetryToken"/>.</param>
    /// <param name="Queued">Create it suspended, for a queue to admit.</param>
    /// <param name="EvaluateOnly">The final checkpoint is committed already; only scores are missing.</param>
    public sealed record CreateJob(string JobName, StageSpec Spec, string RetryToken, bool Queued, bool EvaluateOnly) : PlanAction;

    /// <summary>
    /// Ask a Job to end and let the trainer save within its grace period (Kubernetes: foreground deletion, so that the Job stays visible while
    /// a pod of it lives). It counts as live until it is gone or ended.
    /// </summary>
    public sealed record DeleteJob(string JobName, string Reason) : PlanAction;

    /// <summary>Add <see cref="Finalizers.Artifacts"/>. The local runner has nothing to do.</summary>
    public sealed record AddFinalizer : PlanAction;

    /// <summary>Remove <see cref="Finalizers.Artifacts"/>.</summary>
    public sealed record RemoveFinalizer : PlanAction;

    /// <summary>Delete the stages' checkpoints and evaluations from storage.</summary>
    public sealed record DeleteArtifacts(IReadOnlyList<string> StageHashes) : PlanAction;

    /// <summary>Delete the run itself: its time to live is over.</summary>
    public sealed record DeleteRun : PlanAction;
}
