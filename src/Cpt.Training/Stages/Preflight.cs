using System.Globalization;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Reads the rollouts drawn before the first step. Rewards that are all zero mean, far more often than a hopeless model, that prompt and scorer
/// expect different forms of an answer: hours of training would not show more than this example does.
/// </summary>
internal static class Preflight
{
    private const int ShownCharacters = 300;

    /// <exception cref="StageFailureException"><c>NoRewardSignal</c>: nothing was earned.</exception>
    public static void Judge(IReadOnlyList<RolloutGroup> groups, TaskData task, RftSpec rft, Tokenizer tokenizer, Action<string>? log)
    {
        var rollouts = groups.SelectMany(group => group.Rollouts).ToList();
        var example = Example(groups[0], task, tokenizer);
        if (rollouts.TrueForAll(rollout => rollout.Reward.Total <= 0))
        {
            var unfinished = rollouts.Count(rollout => !rollout.Finished);
            var cut = unfinished > 0
                ? string.Create(CultureInfo.InvariantCulture, $" {unfinished} of them were cut at rft.maxResponseTokens ({rft.MaxResponseTokens}).")
                : "";
            throw new StageFailureException(
                ExitCodes.BadData, "NoRewardSignal",
                string.Create(CultureInfo.InvariantCulture, $"none of {rollouts.Count} preflight rollouts on task {task.Name} earned any reward, so RFT has nothing to learn from.{cut} ") +
                $"For example {example}. Check that the prompt asks for the form of answer that the scorer expects, or teach that form with an SFT stage first.");
        }

        if (rft.Prompt == PromptStyle.ChainOfThought && rollouts.TrueForAll(rollout => rollout.Reward.Accuracy <= 0))
            log?.Invoke($"no preflight rollout of task {task.Name} was graded right; only the format earns a reward yet. For example {example}.");
        else if (groups.All(group => group.AllEqual))
            log?.Invoke($"in every preflight group of task {task.Name} all rewards were equal ({rollouts[0].Reward.Total.ToString(CultureInfo.InvariantCulture)} in the first), so nothing can be learned from them.");
    }

    private static string Example(RolloutGroup group, TaskData task, Tokenizer tokenizer)
    {
        var rollout = group.Rollouts[0];
        return $"train sample {group.Sample.Id}: the prompt was {Quote(tokenizer.Decode(rollout.Sequence.Prompt))}, the response {Quote(rollout.Text)}, " +
            $"and scorer {task.Definition.Scorer} expected {Quote(group.Sample.Accept ?? group.Sample.Answer)}";
    }

    private static string Quote(string text)
    {
        var shown = text.Length <= ShownCharacters ? text : string.Concat(text.AsSpan(0, ShownCharacters), "…");
        return '"' + shown.Replace("\n", "\\n", StringComparison.Ordinal) + '"';
    }
}
