using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>A decision in the making. Each rule reads what was seen, adds what follows from it, and says why.</summary>
internal sealed class Draft
{
    private readonly List<PlanAction> _actions = [];
    private readonly List<Explanation> _explanations = [];
    private readonly HashSet<Need> _missing = [];

    public Draft(Observation seen)
    {
        Seen = seen;
        Run = RunDefaults.Apply(seen.Run);
        Before = seen.Status;
        Stages = [.. Run.Spec.Stages.Select((stage, index) => new StageDraft(stage, index, Before.Stages.FirstOrDefault(known => known.Name == stage.Name)))];
        Jobs = [.. seen.Jobs.Where(job => job.Owned).OrderBy(job => job.Attempt)];
        BaseModelDigest = Before.BaseModelDigest;
        StartTime = Before.StartTime;
        NextRetryTime = Before.NextRetryTime;
        GatesPassedAfter = Before.GatesPassedAfter;
    }

    public Observation Seen { get; }

    /// <summary>With defaults applied.</summary>
    public ContinualRun Run { get; }

    public ContinualRunStatus Before { get; }

    public DateTimeOffset Now => Seen.Now;

    public IReadOnlyList<StageDraft> Stages { get; }

    /// <summary>The run's own, by attempt.</summary>
    public IReadOnlyList<ObservedJob> Jobs { get; }

    /// <summary>The first stage that is not finished; null when all are, or when the chain could not be walked.</summary>
    public StageDraft? Current { get; set; }

    public string? BaseModelDigest { get; set; }

    public DateTimeOffset? StartTime { get; set; }

    public DateTimeOffset? NextRetryTime { get; set; }

    public string? GatesPassedAfter { get; set; }

    public EvaluationDocument? Baseline { get; set; }

    public Verdict Verdict { get; private set; } = new(RunOutcome.Active, Reasons.Pending, "The run waits for its turn.");

    public IReadOnlyList<FieldError> Refused { get; set; } = [];

    public string RefusedReason { get; set; } = Reasons.InvalidSpec;

    public LookupFailure? Unavailable { get; private set; }

    public bool StorageAnswered { get; private set; }

    public (string Reason, string Message)? Held { get; set; }

    public (string Reason, string Message)? Stalled { get; set; }

    public DateTimeOffset? RequeueAt { get; private set; }

    public IReadOnlyList<PlanAction> Actions => _actions;

    public IReadOnlyList<Explanation> Explanations => _explanations;

    public IReadOnlyCollection<Need> Missing => _missing;

    public IEnumerable<ObservedJob> LiveJobs => Jobs.Where(job => job.Live);

    public string RetryToken => Run.Spec.RetryToken!;

    /// <summary>What was looked up, or null after noting that it still must be (or that it failed for now).</summary>
    public Lookup? Find(Need need)
    {
        if (Seen.Artifacts[need] is not { } lookup)
        {
            _missing.Add(need);
            return null;
        }

        if (lookup.Failure is { Permanent: false } failure)
        {
            Unavailable ??= failure;
            return null;
        }

        StorageAnswered |= lookup.Failure is null;
        return lookup;
    }

    public void Do(PlanAction action) => _actions.Add(action);

    public void Say(string rule, string stage, string reason, string message) => _explanations.Add(new Explanation(rule, stage, reason, message));

    /// <summary>The run's summary, and its explanation.</summary>
    public void Conclude(string rule, RunOutcome outcome, string reason, string message, string stage = "")
    {
        Verdict = new Verdict(outcome, reason, message);
        Say(rule, stage, reason, message);
    }

    public void LookAgain(DateTimeOffset at)
    {
        if (RequeueAt is not { } earlier || at < earlier)
        {
            RequeueAt = at;
        }
    }
}

internal sealed record Verdict(RunOutcome Outcome, string Reason, string Message);
