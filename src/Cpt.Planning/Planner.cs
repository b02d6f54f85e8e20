using Cpt.Planning.Rules;

namespace Cpt.Planning;

/// <summary>
/// Decides what a run does next. The rules below are the whole of it, in reading order; each may end the decision by returning true. The planner
/// is pure: it reads no clock, does no I/O, remembers nothing, and gives the same plan for the same observation.
/// </summary>
public static class Planner
{
    private static readonly Func<Draft, bool>[] s_rules =
    [
        Deletion.Apply,
        Acceptance.Apply,
        Finalizer.Apply,
        RetryToken.Apply,
        ChainWalk.Apply,
        StrayJobs.Apply,
        FailedStage.Apply,
        ChainEnd.Apply,
        Suspension.Apply,
        Activity.Apply,
        Deadline.Apply,
        LiveJob.Apply,
        StoragePause.Apply,
        Gates.Apply,
        Backoff.Apply,
        NextAttempt.Apply,
    ];

    /// <summary>
    /// What must be looked up before <see cref="Decide"/> can be asked. Look it up, add it to the observation's artifacts, and ask again until nothing is
    /// missing: a stage's hash is known only once the stage before is. Nothing is needed while a Job runs.
    /// </summary>
    public static IReadOnlyCollection<Need> Needs(Observation observation) => Walk(observation).Missing;

    /// <summary>What to do next, and why.</summary>
    /// <exception cref="InvalidOperationException">Something in <see cref="Needs"/> was not looked up.</exception>
    public static Plan Decide(Observation observation)
    {
        var draft = Walk(observation);
        if (draft.Missing.Count > 0)
        {
            throw new InvalidOperationException($"Look up {nameof(Planner)}.{nameof(Needs)} first; missing: {string.Join(", ", draft.Missing)}");
        }

        return Summary.Of(draft);
    }

    private static Draft Walk(Observation observation)
    {
        var draft = new Draft(observation);
        foreach (var rule in s_rules)
        {
            if (rule(draft) || draft.Missing.Count > 0)
            {
                break;
            }
        }

        return draft;
    }
}
