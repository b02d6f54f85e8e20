using Cpt.Api;
using Cpt.Planning.Studies;

namespace Cpt.Planning;

/// <summary>
/// Decides about a study: which of its runs to create now, which to change or delete, and what its status says. Pure, as <see cref="Planner"/> is; the runs themselves are decided on
/// there.
/// </summary>
public static class StudyPlanner
{
    public static StudyPlan Decide(StudyObservation seen)
    {
        var study = StudyDefaults.Apply(seen.Study);
        if (seen.Errors.Count > 0)
        {
            return Refused(seen, study, StudyReasons.InvalidSpec, string.Join("; ", seen.Errors.Take(8)));
        }

        var wanted = seen.Wanted.Select(run => run.Run.Metadata.Name).ToHashSet(StringComparer.Ordinal);
        if (seen.Runs.FirstOrDefault(run => !run.Owned && wanted.Contains(run.Run.Metadata.Name)) is { } stranger)
        {
            return Refused(seen, study, StudyReasons.NameTaken, $"ContinualRun {stranger.Run.Metadata.Name} is there and does not belong to this study; delete or rename it, or give the study or the variant another name");
        }

        var own = seen.Runs.Where(run => run.Owned).Select(run => run.Run).ToDictionary(run => run.Metadata.Name, StringComparer.Ordinal);
        List<StudyMember> members = [.. seen.Wanted.Select(run => new StudyMember(run, own.GetValueOrDefault(run.Run.Metadata.Name), study.Spec.RetryToken!))];
        List<StudyAction> actions =
        [
            .. own.Values.Where(run => !wanted.Contains(run.Metadata.Name) && run.Metadata.DeletionTimestamp is null).Select(run => new StudyAction.DeleteRun(run.Metadata.Name)),
            .. Updates(members),
            .. study.Spec.Suspend == true ? [] : Starts(members, study),
        ];
        return Plan(seen, StudySummary.Of(seen, study, members), actions);
    }

    /// <summary>Runs whose spec is not what the study asks for any more.</summary>
    private static List<StudyAction> Updates(List<StudyMember> members)
    {
        var actions = new List<StudyAction>();
        foreach (var member in members.Where(member => member.IsOutdated && !member.MayRetry))
        {
            actions.Add(new StudyAction.UpdateRun(member.Updated(), "The study was edited, suspended or resumed."));
            if (member.State != StudyRunState.Active)
            {
                // A stage was added, or a mistake mended: it has work again.
                member.Start();
            }
        }

        return actions;
    }

    /// <summary>As many as may be at work, in order. Who would train what another trains right now waits, and the next one takes the place.</summary>
    private static List<StudyAction> Starts(List<StudyMember> members, ContinualStudy study)
    {
        var actions = new List<StudyAction>();
        foreach (var member in members.Where(member => member.MayRetry || member.State == StudyRunState.Waiting))
        {
            if (members.Count(other => other.State == StudyRunState.Active) >= study.Spec.Concurrency)
            {
                break;
            }

            if (!member.MayRetry && members.Exists(other => other.State == StudyRunState.Active && SharedStages.Count(other.Wanted.Run, member.Wanted.Run) > SharedStages.Finished(other.Seen?.Status)))
            {
                continue;
            }

            actions.Add(member.MayRetry ? new StudyAction.UpdateRun(member.Updated(study.Spec.RetryToken), "It is tried again, as spec.retryToken asks.") : new StudyAction.CreateRun(member.Created));
            member.Start();
        }

        return actions;
    }

    private static StudyPlan Refused(StudyObservation seen, ContinualStudy study, string reason, string message) =>
        Plan(seen, StudySummary.Refused(seen, study, reason, message), []);

    private static StudyPlan Plan(StudyObservation seen, ContinualStudyStatus status, List<StudyAction> actions) => new()
    {
        Status = status,
        Actions = seen.Study.Status is { } before && StudySummary.Same(before, status) ? actions : [new StudyAction.PersistStatus(status), .. actions],
    };
}
