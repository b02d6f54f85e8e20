using System.Globalization;
using System.Text.Json;
using Cpt.Api;

namespace Cpt.Planning.Studies;

/// <summary>The status of a study, made from its runs.</summary>
internal static class StudySummary
{
    public static ContinualStudyStatus Of(StudyObservation seen, ContinualStudy study, IReadOnlyList<StudyMember> members)
    {
        int Count(StudyRunState state) => members.Count(member => member.State == state);
        var (active, succeeded, failed, waiting) = (Count(StudyRunState.Active), Count(StudyRunState.Succeeded), Count(StudyRunState.Failed), Count(StudyRunState.Waiting));
        var before = study.Status ?? new ContinualStudyStatus();
        var retry = members.Any(member => member.MayRetry);
        var ended = active + waiting == 0 && !retry;
        var suspended = study.Spec.Suspend == true;
        var message = Sentence(members, active, succeeded, failed);
        var (status, reason) = (ended, failed, suspended) switch
        {
            (true, 0, _) => (ConditionStatus.True, StudyReasons.AllRunsSucceeded),
            (true, _, _) => (ConditionStatus.False, StudyReasons.RunsFailed),
            (_, _, true) => (ConditionStatus.Unknown, members.Any(IsAtWork) ? StudyReasons.Suspending : StudyReasons.Suspended),
            _ => (ConditionStatus.Unknown, StudyReasons.Running),
        };
        var results = new VariantResults(study, members);
        return new ContinualStudyStatus
        {
            ObservedGeneration = study.Metadata.Generation,
            Conditions =
            [
                Make(seen, ConditionTypes.Succeeded, status, reason, message),
                Make(seen, ConditionTypes.Accepted, ConditionStatus.True, StudyReasons.Valid, ""),
                suspended
                    ? Make(seen, ConditionTypes.Suspended, ConditionStatus.True, StudyReasons.SpecSuspend, "spec.suspend is true.")
                    : Make(seen, ConditionTypes.Suspended, ConditionStatus.False, StudyReasons.NotSuspended, ""),
            ],
            Reason = reason,
            Message = message,
            RunsDone = string.Create(CultureInfo.InvariantCulture, $"{succeeded}/{members.Count}"),
            Active = active,
            Succeeded = succeeded,
            Failed = failed,
            Waiting = waiting,
            Baseline = study.Spec.Baseline,
            StartTime = before.StartTime ?? (active + succeeded + failed > 0 ? seen.Now : null),
            CompletionTime = ended ? before.CompletionTime ?? seen.Now : null,
            Variants = results.All(),
            Runs = [.. members.Select(Run)],
        };
    }

    /// <summary>What was known stays; nothing is done.</summary>
    public static ContinualStudyStatus Refused(StudyObservation seen, ContinualStudy study, string reason, string message) => (study.Status ?? new ContinualStudyStatus()) with
    {
        ObservedGeneration = study.Metadata.Generation,
        Conditions =
        [
            Make(seen, ConditionTypes.Succeeded, ConditionStatus.False, reason, message),
            Make(seen, ConditionTypes.Accepted, ConditionStatus.False, reason, message),
            study.Spec.Suspend == true
                ? Make(seen, ConditionTypes.Suspended, ConditionStatus.True, StudyReasons.SpecSuspend, "spec.suspend is true.")
                : Make(seen, ConditionTypes.Suspended, ConditionStatus.False, StudyReasons.NotSuspended, ""),
        ],
        Reason = reason,
        Message = message,
        Baseline = study.Spec.Baseline,
    };

    public static bool Same(ContinualStudyStatus one, ContinualStudyStatus other) => Text(one) == Text(other);

    private static string Text(ContinualStudyStatus status) => JsonSerializer.Serialize(status, ApiJson.Default.ContinualStudyStatus);

    /// <summary>A suspended run has put its pods away; until its own status says so, it may still be saving.</summary>
    private static bool IsAtWork(StudyMember member) => member is { State: StudyRunState.Active, Seen: { } run } && run.Status?.Reason is not (Reasons.Suspended or Reasons.GateHeld);

    private static StudyRunStatus Run(StudyMember member) => new()
    {
        Name = member.Name,
        Variant = member.Wanted.Variant,
        Seed = member.Wanted.Seed,
        State = member.State,
        Reason = member.Seen?.Status?.Reason,
        AverageAccuracy = member.Seen?.Status?.AverageAccuracy,
        Forgetting = member.Seen?.Status?.Forgetting,
    };

    private static string Sentence(IReadOnlyList<StudyMember> members, int active, int succeeded, int failed)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{succeeded} of {members.Count} runs succeeded");
        text += active > 0 ? string.Create(CultureInfo.InvariantCulture, $", {active} {(active == 1 ? "is" : "are")} at work") : "";
        if (failed > 0)
        {
            var names = members.Where(member => member.State == StudyRunState.Failed).Select(member => $"{member.Name} ({member.Seen!.Status!.Reason})");
            text += string.Create(CultureInfo.InvariantCulture, $", {failed} failed: {string.Join(", ", names.Take(4))}{(failed > 4 ? " and more" : "")}; change spec.retryToken to try again");
        }

        return text + ".";
    }

    private static Condition Make(StudyObservation seen, string type, string status, string reason, string message)
    {
        var before = seen.Study.Status?.Conditions.FirstOrDefault(condition => condition.Type == type);
        return new Condition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            ObservedGeneration = seen.Study.Metadata.Generation,
            LastTransitionTime = before?.Status == status ? before.LastTransitionTime : seen.Now,
        };
    }
}
