using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>A task that samples are drawn from: its own data, or an earlier stage's that is replayed.</summary>
/// <param name="Task">With the scorer the run gives it.</param>
/// <param name="Prompts">Its samples as prompts for this policy.</param>
/// <param name="Replayed">It is an earlier stage's.</param>
internal sealed record TaskSource(TaskData Task, PromptBuilder Prompts, bool Replayed)
{
    /// <exception cref="StageFailureException">It has nothing to train on, or images the model cannot read.</exception>
    public static TaskSource Of(TaskData task, CausalLM policy, Tokenizer tokenizer, PromptStyle style, bool replayed)
    {
        if (task.Train.Count > 0) return new TaskSource(task, PromptBuilder.Of(task, policy, tokenizer, style), replayed);
        throw new StageFailureException(
            ExitCodes.BadData, "NoValidSamples",
            replayed ? $"task {task.Name} has no train split, so nothing of it can be replayed; name other stages in replay.fromStages" : $"task {task.Name} has no train split, so no stage can learn it");
    }
}

/// <summary>A sample and where it comes from.</summary>
internal readonly record struct DrawnSample(TaskSource From, Sample Sample)
{
    /// <summary>Its place in the train split; a split may have one sample several times.</summary>
    public int Index { get; init; }
}
