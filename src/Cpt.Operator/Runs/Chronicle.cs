using System.Globalization;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Operator.Jobs;
using Cpt.Operator.Measuring;
using Cpt.Planning;
using Cpt.Runs;
using Microsoft.Extensions.Logging;

namespace Cpt.Operator.Runs;

/// <summary>
/// Tells what changed between two statuses, once each: as events, in the log and as metrics. It is asked after the newer one was written, so that nothing is told twice, or told and then not
/// so.
/// </summary>
internal sealed partial class Chronicle(IEventRecorder events, StageMetrics metrics, TimeProvider time, ILogger<Chronicle> log)
{
    public void Tell(RunObject entity, ContinualRun run, SeenRun seen, Plan plan)
    {
        var before = run.Status;
        foreach (var stage in plan.Status.Stages)
        {
            Tell(entity, run, seen, before, before?.Stages.FirstOrDefault(known => known.Name == stage.Name), stage, plan.Status);
        }

        TellSummary(entity, before, plan.Status);
        foreach (var ignored in plan.Explanations.Where(explanation => explanation.Reason == "GateIgnored"))
        {
            events.Publish(entity, EventType.Warning, "GateIgnored", "JudgeGate", ignored.Message);
        }
    }

    public void Started(RunObject entity, ContinualRun run, RunMemory memory, PlanAction.CreateJob create, Plan plan)
    {
        events.Publish(entity, EventType.Normal, "StageStarted", "CreateJob", plan.Status.Message ?? create.JobName);
        if (memory.EndSeen is { } seen)
        {
            metrics.Handoff(time.GetElapsedTime(seen));
            memory.EndSeen = null;
        }
    }

    public void NotCreated(RunObject entity, PlanAction.CreateJob create, string message)
    {
        events.Publish(entity, EventType.Warning, "JobNotCreated", "CreateJob", $"{create.JobName}: {message}");
        JobRefused(entity.Metadata.Namespace, entity.Metadata.Name!, create.Spec.Stage, create.Spec.Attempt, message);
    }

    public void ArtifactsNotDeleted(RunObject entity, string message) =>
        events.Publish(entity, EventType.Warning, "ArtifactsNotDeleted", "DeleteArtifacts", $"{message} The run stays until they are; or set spec.storage.deletionPolicy to Retain.");

    private void Tell(RunObject entity, ContinualRun run, SeenRun seen, ContinualRunStatus? status, StageStatus? before, StageStatus after, ContinualRunStatus next)
    {
        foreach (var ended in seen.Jobs.Select(job => job.Observed).Where(job =>
            job is { Owned: true, Live: false } && job.Stage == after.Name && job.Attempt > (before?.JudgedAttempts ?? 0) && job.Attempt <= after.JudgedAttempts))
        {
            metrics.Ended(entity.Metadata.Namespace, Gpus(run, after.Name), ended);
        }

        if (after.State != before?.State && after.State is StageState.Succeeded or StageState.Reused)
        {
            // A status that was lost and comes back tells nothing new.
            if (status is null && after.State == StageState.Succeeded)
            {
                return;
            }

            if (after.State == StageState.Reused)
            {
                metrics.Reused();
                Publish(EventType.Normal, "StageReused", "ReuseStage", $"Stage {after.Name} is not trained: {after.Message}");
                return;
            }

            metrics.Finished(after);
            var measures = next.AverageAccuracy is { } average ? $" Average accuracy {average}{(next.Forgetting is { } forgetting ? $", forgetting {forgetting}" : "")}." : "";
            Publish(EventType.Normal, "StageFinished", "FinishStage", string.Create(CultureInfo.InvariantCulture, $"Stage {after.Name} is finished ({next.StagesDone}).{measures}"));
            return;
        }

        if (after.JudgedAttempts > (before?.JudgedAttempts ?? 0) && status is not null)
        {
            TellAttempt(before, after, next, Publish);
        }

        if (after.State == StageState.Failed && before?.State != StageState.Failed)
        {
            metrics.Finished(after);
            Publish(EventType.Warning, "StageFailed", "FailStage", $"Stage {after.Name} failed: {after.Message}");
        }

        void Publish(EventType type, string reason, string action, string note)
        {
            events.Publish(entity, type, reason, action, note);
            StageChanged(entity.Metadata.Namespace, entity.Metadata.Name!, after.Name, after.Attempts, reason, note);
        }
    }

    private void TellAttempt(StageStatus? before, StageStatus after, ContinualRunStatus next, Action<EventType, string, string, string> publish)
    {
        var attempt = string.Create(CultureInfo.InvariantCulture, $"Attempt {after.JudgedAttempts} of stage {after.Name}");
        if (after.Preemptions > (before?.Preemptions ?? 0))
        {
            metrics.Preempted(after.Preemptions - (before?.Preemptions ?? 0));
            publish(EventType.Warning, "StagePreempted", "JudgeAttempt", $"{attempt} was taken away: {after.Message} It costs no retry.");
        }

        if (after.Retries > (before?.Retries ?? 0))
        {
            metrics.Retried(after.Reason, after.Retries - (before?.Retries ?? 0));
            var when = next.NextRetryTime is { } at ? string.Create(CultureInfo.InvariantCulture, $" The next one starts at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss'Z'}.") : "";
            publish(EventType.Warning, "StageRetry", "JudgeAttempt", $"{attempt} failed: {after.Message}{when}");
        }
    }

    private void TellSummary(RunObject entity, ContinualRunStatus? before, ContinualRunStatus after)
    {
        var accepted = Condition(after, ConditionTypes.Accepted);
        var accepting = Condition(before, ConditionTypes.Accepted);
        if (accepted?.Status == ConditionStatus.False && (accepting?.Status != accepted.Status || accepting.Message != accepted.Message))
        {
            Publish(EventType.Warning, accepted.Reason!, "AcceptRun", accepted.Message!);
            return;
        }

        if (Condition(after, ConditionTypes.StorageReady) is { Status: ConditionStatus.False } storage && Condition(before, ConditionTypes.StorageReady)?.Status != storage.Status)
        {
            Publish(EventType.Warning, storage.Reason!, "ReadStorage", storage.Message!);
        }

        if (Condition(after, ConditionTypes.Stalled) is { Status: ConditionStatus.True, Reason: Reasons.NotStarting or Reasons.NoProgress } stalled
            && Condition(before, ConditionTypes.Stalled)?.Status != stalled.Status)
        {
            Publish(EventType.Warning, stalled.Reason!, "WatchStage", stalled.Message!);
        }

        if (after.Reason == before?.Reason)
        {
            return;
        }

        switch (after.Reason)
        {
            case Reasons.Suspended:
                Publish(EventType.Normal, "RunSuspended", "SuspendRun", after.Message!);
                break;
            case Reasons.GateHeld or Reasons.GateFailed:
                Publish(EventType.Warning, after.Reason, "JudgeGate", after.Message!);
                break;
            case Reasons.AllStagesFinished when before is not null:
                Publish(EventType.Normal, "RunSucceeded", "FinishRun", after.Message!);
                break;
        }

        void Publish(EventType type, string reason, string action, string note)
        {
            events.Publish(entity, type, reason, action, note);
            RunChanged(entity.Metadata.Namespace, entity.Metadata.Name!, reason, note);
        }
    }

    private static Condition? Condition(ContinualRunStatus? status, string type) => status?.Conditions.FirstOrDefault(condition => condition.Type == type);

    private static int Gpus(ContinualRun run, string stage)
    {
        var index = run.Spec.Stages.Select((known, place) => known.Name == stage ? place : -1).Max();
        return index < 0 ? 0 : Workload.Of(run, index).Gpus;
    }

    [LoggerMessage(EventId = 20, Level = LogLevel.Information, Message = "Run {Namespace}/{Run}, stage {Stage}, attempt {Attempt}: {Reason}. {Note}")]
    private partial void StageChanged(string? @namespace, string run, string stage, int attempt, string reason, string note);

    [LoggerMessage(EventId = 21, Level = LogLevel.Information, Message = "Run {Namespace}/{Run}: {Reason}. {Note}")]
    private partial void RunChanged(string? @namespace, string run, string reason, string note);

    [LoggerMessage(EventId = 22, Level = LogLevel.Warning, Message = "Run {Namespace}/{Run}, stage {Stage}: the Job of attempt {Attempt} is refused: {Message}")]
    private partial void JobRefused(string? @namespace, string run, string stage, int attempt, string message);
}
