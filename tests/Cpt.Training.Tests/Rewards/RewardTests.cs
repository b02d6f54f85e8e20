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

    [Theory]
    [InlineData(PromptStyle.Direct, "yes", 0.3)]
    [InlineData(PromptStyle.Direct, "2", 0.5)]
    [InlineData(PromptStyle.Direct, "yes 2", 0.5 + 0.3)]
    [InlineData(PromptStyle.ChainOfThought, "<think>yes</think> \\boxed{2}", 0.1 + 0.5)]
    [InlineData(PromptStyle.ChainOfThought, "<think>2</think> \\boxed{yes}", 0.1 + 0.3)]
    [InlineData(PromptStyle.ChainOfThought, "<think>2</think> yes 2", 0.0)]
    public void FurtherScorersAddTheirWeightedVerdicts(PromptStyle style, string response, double total)
    {
        var sample = s_sample with { Answer = "yes 2", Accept = "yes( 2)?" };
        using var model = Tiny.Model();
        var rft = Tiny.Grpo() with
        {
            Prompt = style, AccuracyWeight = 0, FormatWeight = 0.1,
            RewardComponents = [new RewardComponentSpec { Scorer = "Numeric", Weight = 0.5 }, new RewardComponentSpec { Scorer = "Pattern", Weight = 0.3 }],
        };
        using var rewards = RewardModel.Of(Tiny.Context(Tiny.Rft(Tiny.Optimization(1), rft), model, Tiny.Task([sample])), Tiny.Task([sample]), rft);
        Assert.Equal(total, rewards.Of(sample, response).Total, 12);
    }

    [Fact]
    public void AComponentThatCannotJudgeTheTaskIsRefusedBeforeTraining()
    {
        using var model = Tiny.Model();
        var rft = Tiny.Grpo() with { RewardComponents = [new RewardComponentSpec { Scorer = "YesNo", Weight = 1 }] };
        var error = Assert.Throws<TaskDataException>(() => StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(1), rft), model, Tiny.EvenDigits())));
        Assert.Equal("task tiny: scorer YesNo of rft.reward.components[0] cannot judge train sample 's0': answer: '0' must be yes or no", error.Message);
    }

    [Fact]
    public void ABoxedAnswerIsFoundInItsBoxWhereTheModelThinksFirst()
    {
        var rewards = new RewardModel(Scorers.Get("BoxedAnswer"), PromptStyle.ChainOfThought);
        Assert.Equal((1, 0), (rewards.Of(s_sample, "<think></think>\\boxed{2}").Accuracy, rewards.Of(s_sample, "<think></think>2").Accuracy));
    }

    [Fact]
    public void AHostileResponseIsMatchedInLinearTime()
    {
        var response = "<think>" + string.Concat(Enumerable.Repeat("</think>\\boxed{", 20_000));
        Assert.Equal(0, s_thinking.Of(s_sample, response).Total);
    }
}
