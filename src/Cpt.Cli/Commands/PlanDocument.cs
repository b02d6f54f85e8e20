using Cpt.Api;
using Cpt.Planning;

namespace Cpt.Cli.Commands;

/// <summary>What <c>cpt plan -o json</c> prints.</summary>
internal sealed record PlanDocument
{
    public required string Run { get; init; }

    /// <summary><c>Active</c>, <c>Suspended</c>, <c>Succeeded</c> or <c>Failed</c>.</summary>
    public required string Outcome { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public string? BaseModelDigest { get; init; }

    public required IReadOnlyList<PlannedStage> Stages { get; init; }

    /// <summary>What would be done now, in order.</summary>
    public required IReadOnlyList<string> Actions { get; init; }

    /// <summary>The rules that spoke, in order.</summary>
    public required IReadOnlyList<Explanation> Explanations { get; init; }

    public static PlanDocument Of(ContinualRun run, Plan plan)
    {
        var next = plan.Actions.OfType<PlanAction.CreateJob>().FirstOrDefault();
        return new PlanDocument
        {
            Run = run.Metadata.Name,
            Outcome = plan.Outcome.ToString(),
            Reason = plan.Status.Reason,
            Message = plan.Status.Message,
            BaseModelDigest = plan.Status.BaseModelDigest,
            Stages = [.. run.Spec.Stages.Select((stage, index) => Stage(run, index, stage, plan, next))],
            Actions = [.. plan.Actions.Select(Describe).OfType<string>()],
            Explanations = plan.Explanations,
        };
    }

    private static PlannedStage Stage(ContinualRun run, int index, RunStage stage, Plan plan, PlanAction.CreateJob? next)
    {
        var status = plan.Status.Stages.FirstOrDefault(known => known.Name == stage.Name);
        var (what, why) = status?.State switch
        {
            StageState.Succeeded => ("keep", "finished; never trained again"),
            StageState.Reused => ("reuse", "the same training is in the storage already"),
            StageState.Failed => ("failed", $"{status.Reason}: {status.Message}"),
            StageState.Skipped => ("skip", "the run ends before it"),
            StageState.Running or StageState.Evaluating when next?.Spec.Stage != stage.Name => ("running", $"attempt {status.Attempts} is at {status.Progress ?? "its start"}"),
            _ when next?.Spec.Stage == stage.Name && next.EvaluateOnly => ("score", "trained; scores are missing"),
            _ when next?.Spec.Stage == stage.Name && status?.CheckpointStep > 0 => ("continue", $"from the checkpoint of step {status.CheckpointStep}, attempt {next.Spec.Attempt}"),
            _ when next?.Spec.Stage == stage.Name => ("train", index == 0 ? "starts from the base model" : $"starts from the result of {run.Spec.Stages[index - 1].Name}"),
            _ when plan.Outcome is RunOutcome.Failed or RunOutcome.Suspended => ("wait", "the run does not go on by itself"),
            _ => ("train", index == 0 ? "starts from the base model" : $"once {run.Spec.Stages[index - 1].Name} is done; reused if its result has been trained on before"),
        };
        var training = StageSpecs.Training(run, index, taskDigest: null);
        return new PlannedStage(stage.Name, stage.Method.ToString(), TrainingText.Tasks(training) + TrainingText.Beside(training), what, why, status?.StageHash, status?.CheckpointDigest);
    }

    private static string? Describe(PlanAction action) => action switch
    {
        PlanAction.CreateJob create => $"start {create.JobName}{(create.EvaluateOnly ? " (scores only)" : "")}",
        PlanAction.DeleteJob delete => $"stop {delete.JobName}: {delete.Reason}",
        _ => null,
    };
}

/// <param name="Name">Of the stage.</param>
/// <param name="Method">SFT or RFT.</param>
/// <param name="Task">URI, or the names of several; and what is mixed in.</param>
/// <param name="What"><c>keep</c>, <c>reuse</c>, <c>train</c>, <c>continue</c>, <c>score</c>, <c>running</c>, <c>wait</c>, <c>skip</c> or <c>failed</c>.</param>
/// <param name="Why">In words.</param>
/// <param name="StageHash">Null while it depends on a result that does not exist yet.</param>
/// <param name="CheckpointDigest">Of a finished stage.</param>
internal sealed record PlannedStage(string Name, string Method, string Task, string What, string Why, string? StageHash, string? CheckpointDigest);
