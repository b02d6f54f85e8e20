using System.Text.Json;
using Cpt.Api;
using Cpt.Planning;

namespace Cpt.Operator.Runs;

/// <summary>
/// Which writes of the status can wait for the next one: step counts, which are written at most every 15 s, and the first sight of a Job, whose pod starts in the next moment and would be
/// written again. Until then the status says the same as before, and nothing hangs on the difference: a Job's name follows from its attempt's number, which is on record.
/// </summary>
internal sealed class WritePatience(TimeProvider time)
{
    private static readonly TimeSpan s_progress = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan s_firstSight = TimeSpan.FromSeconds(2);

    /// <returns>How long the write can wait; null: not at all.</returns>
    public TimeSpan? Left(RunMemory memory, ContinualRunStatus? before, PlanAction.PersistStatus persist)
    {
        if (persist.ProgressOnly)
        {
            return memory.Written is { } written ? Positive(s_progress - time.GetElapsedTime(written)) : null;
        }

        if (!IsFirstSight(before, persist.Status))
        {
            return null;
        }

        memory.PutOff ??= time.GetTimestamp();
        return Positive(s_firstSight - time.GetElapsedTime(memory.PutOff.Value));
    }

    public void Written(RunMemory memory)
    {
        memory.Written = time.GetTimestamp();
        memory.PutOff = null;
    }

    private static bool IsFirstSight(ContinualRunStatus? before, ContinualRunStatus after) =>
        before is { Reason: Reasons.Pending } && after.Reason == Reasons.Pending && Text(WithoutSight(before)) == Text(WithoutSight(after));

    private static ContinualRunStatus WithoutSight(ContinualRunStatus status) => status with
    {
        Message = null,
        Conditions = [.. status.Conditions.Select(condition => condition.Type == ConditionTypes.Succeeded ? condition with { Message = "" } : condition)],
        Stages = [.. status.Stages.Select(stage => stage.State == StageState.Pending ? stage with { Job = null, ProgressTime = null } : stage)],
    };

    private static string Text(ContinualRunStatus status) => JsonSerializer.Serialize(status, ApiJson.Default.ContinualRunStatus);

    private static TimeSpan? Positive(TimeSpan left) => left > TimeSpan.Zero ? left : null;
}
