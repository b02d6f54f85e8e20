using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

public sealed class RewardTests
{
    private static readonly Sample s_sample = new() { Id = "a", Messages = [new TaskMessage("user", "1+1?")], Answer = "2" };
    private static readonly RewardModel s_thinking = new(Scorers.Get("ExactMatch"), PromptStyle.ChainOfThought, accuracyWeight: 0.9, formatWeight: 0.1);

    [Theory]
    [InlineData("<think>one and one</think> so \\boxed{2}", 1, 1, 1.0)]
    [InlineData("<think>one and one</think> so \\boxed{3}", 0, 1, 0.1)]
    [InlineData("\\boxed{2}", 1, 0, 0.9)]
    [InlineData("<think>no box</think> 2", 0, 0, 0.0)]
    [InlineData("", 0, 0, 0.0)]
    [InlineData("well: <think>not at the start</think> \\boxed{2}", 1, 0, 0.9)]
    [InlineData("<think>\n\n</think>\n\\boxed{2}\n.", 1, 1, 1.0)]
    public void AChainOfThoughtEarnsForTheBoxedAnswerAndForItsForm(string response, double accuracy, double format, double total)
    {
        var reward = s_thinking.Of(s_sample, response);
        Assert.Equal((accuracy, format), (reward.Accuracy, reward.Format));
        Assert.Equal(total, reward.Total, 12);
    }

    [Theory]
    [InlineData("2", 1.0)]
    [InlineData("3", 0.0)]
    public void ADirectAnswerEarnsForAccuracyAlone(string response, double accuracy)
    {
        var reward = new RewardModel(Scorers.Get("ExactMatch"), PromptStyle.Direct, accuracyWeight: 0.9, formatWeight: 0.1).Of(s_sample, response);
        Assert.Equal(0.9 * accuracy, reward.Total, 12);
    }

    [Fact]
    public void AHostileResponseIsMatchedInLinearTime()
    {
        var response = "<think>" + string.Concat(Enumerable.Repeat("</think>\\boxed{", 20_000));
        Assert.Equal(0, s_thinking.Of(s_sample, response).Total);
    }
}
