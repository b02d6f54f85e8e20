using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Verifiable rewards (arXiv:2507.05386): total = accuracyWeight · accuracy + formatWeight · format under <c>ChainOfThought</c>, where the
/// scorer judges what stands in <c>\boxed{}</c>; accuracyWeight · accuracy under <c>Direct</c>, where it judges the raw response.
/// </summary>
public sealed class RewardModel(IScorer scorer, PromptStyle style, double accuracyWeight = 1, double formatWeight = 0)
{
    public Reward Of(Sample sample, string response)
    {
        if (style == PromptStyle.Direct)
        {
            var accuracy = scorer.Score(sample, response);
            return new Reward(accuracy, 1, accuracyWeight * accuracy);
        }

        var boxed = FinalAnswer.LastBoxed(response);
        var right = boxed is null ? 0 : scorer.Score(sample, $"\\boxed{{{boxed}}}");
        var format = AnswerFormat.IsWellFormed(response) ? 1.0 : 0.0;
        return new Reward(right, format, (accuracyWeight * right) + (formatWeight * format));
    }
}
