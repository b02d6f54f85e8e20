using System.Globalization;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Planning;

namespace Cpt.Cli.Running;

/// <summary>Tells what changed from one decision to the next, once.</summary>
internal sealed class RunNarrator(IRunDisplay display, TimeProvider time)
{
    private readonly Lock _gate = new();
    private string? _lastMessage;
    private bool _first = true;

    public void Tell(ContinualRunStatus? before, Plan plan)
    {
        foreach (var stage in plan.Status.Stages)
        {
            var old = before?.Stages.FirstOrDefault(known => known.Name == stage.Name);
            Stage(stage, _first ? null : old, carriedOver: _first && old?.State is StageState.Succeeded or StageState.Reused);
        }

        _first = false;
        // Retries, gates, storage: the planner's own sentence is the one to read.
        var message = plan.Status.Message;
        var worthTelling = plan.Status.Reason is Reasons.WaitingForRetry or Reasons.WaitingForStorage or Reasons.GateHeld or Reasons.Suspended;
        if (worthTelling && message is not null && message != _lastMessage)
        {
            Show(new RunnerEvent { Time = time.GetUtcNow(), Level = "warning", Event = "message", Stage = plan.Status.CurrentStage, Message = message });
        }

        _lastMessage = message;
    }

    public void Starting(PlanAction.CreateJob create) => Show(new RunnerEvent
    {
        Time = time.GetUtcNow(),
        Event = "stage",
        Stage = create.Spec.Stage,
        Attempt = create.Spec.Attempt,
        State = create.EvaluateOnly ? "evaluating" : "started",
        Message = create.EvaluateOnly
            ? "Trained already; scoring what was not scored."
            : TrainingText.Of(create.Spec.Training) + (create.Spec.Attempt > 1 ? $", attempt {create.Spec.Attempt.ToString(CultureInfo.InvariantCulture)}" : ""),
    });

    public void Stopping(PlanAction.DeleteJob delete) => Say("info", null, $"Stopping {delete.JobName}: {delete.Reason}");

    public void Say(string level, string? stage, string message) =>
        Show(new RunnerEvent { Time = time.GetUtcNow(), Level = level, Event = "message", Stage = stage, Message = message });

    /// <summary>What a trainer said, passed on.</summary>
    public void Pass(string stage, int attempt, TrainerEvent trainer) => Show(RunnerEvent.Of(stage, attempt, trainer));

    private void Stage(StageStatus stage, StageStatus? old, bool carriedOver)
    {
        Attempt(stage, old);
        if (old?.State == stage.State)
        {
            return;
        }

        var digest = stage.CheckpointDigest is { Length: > 12 } full ? full[..12] : stage.CheckpointDigest;
        var (state, level, message) = stage.State switch
        {
            StageState.Succeeded when carriedOver => ("reused", "info", $"Finished before; its checkpoint {digest} is used as it is."),
            StageState.Reused => ("reused", "info", $"The same training was done before; its checkpoint {digest} is taken from storage."),
            StageState.Succeeded => ("succeeded", "info", $"Done; checkpoint {digest}."),
            StageState.Failed => ("failed", "error", $"{stage.Reason}: {stage.Message}"),
            _ => ("", "", ""),
        };
        if (state.Length > 0)
        {
            Show(new RunnerEvent { Time = time.GetUtcNow(), Level = level, Event = "stage", Stage = stage.Name, Attempt = stage.Attempts, State = state, Message = message });
        }
    }

    /// <summary>An attempt that ended without finishing its stage: somebody looking at repeated steps wants to know why.</summary>
    private void Attempt(StageStatus stage, StageStatus? old)
    {
        if (old is null || stage.JudgedAttempts <= old.JudgedAttempts || stage.State is StageState.Succeeded or StageState.Reused or StageState.Failed)
        {
            return;
        }

        var preempted = stage.Preemptions > old.Preemptions;
        Show(new RunnerEvent
        {
            Time = time.GetUtcNow(),
            Level = "warning",
            Event = "stage",
            Stage = stage.Name,
            Attempt = stage.JudgedAttempts,
            State = preempted ? "preempted" : "retrying",
            Message = $"attempt {stage.JudgedAttempts.ToString(CultureInfo.InvariantCulture)} ended: {stage.Reason}: {stage.Message}",
        });
    }

    private void Show(RunnerEvent what)
    {
        lock (_gate)
        {
            display.Show(what);
        }
    }
}
