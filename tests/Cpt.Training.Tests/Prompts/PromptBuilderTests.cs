using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

public sealed class PromptBuilderTests
{
    private static readonly Sample s_sample = new()
    {
        Id = "a",
        Messages = [new TaskMessage("system", "Be brief. "), new TaskMessage("user", "Which animal is striped?")],
        Answer = "zebra",
        Accept = "zebra|tiger",
        Choices = [],
    };

    [Theory]
    [InlineData(PromptStyle.Direct)]
    [InlineData(PromptStyle.ChainOfThought)]
    public void TheGroundTruthIsNeverInThePrompt(PromptStyle style)
    {
        var prompt = Tiny.Tokenizer.Decode(new PromptBuilder(Tiny.Tokenizer, style).Prompt(s_sample).Tokens);
        Assert.Contains("Which animal is striped?", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("zebra", prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("tiger", prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void ChainOfThoughtAsksForTheFormThatTheRewardChecks()
    {
        var prompt = Tiny.Tokenizer.Decode(new PromptBuilder(Tiny.Tokenizer, PromptStyle.ChainOfThought).Prompt(s_sample).Tokens);
        Assert.EndsWith(@"\boxed{}.", prompt, StringComparison.Ordinal);
        Assert.Contains("<think> and </think>", prompt, StringComparison.Ordinal);
        Assert.Equal("Be brief. Which animal is striped?", Tiny.Tokenizer.Decode(new PromptBuilder(Tiny.Tokenizer, PromptStyle.Direct).Prompt(s_sample).Tokens));
    }

    [Fact]
    public void TheTargetIsTheAnswerAndTheEndToken()
    {
        var target = new PromptBuilder(Tiny.Tokenizer, PromptStyle.Direct).Target(s_sample);
        Assert.Equal(ByteTokenizer.EndOfTextId, target[^1]);
        Assert.Equal("zebra", Tiny.Tokenizer.Decode(target[..^1]));
    }

    [Fact]
    public void AnAnswerCannotForgeTheEndToken()
    {
        var target = new PromptBuilder(Tiny.Tokenizer, PromptStyle.Direct).Target(s_sample with { Answer = "x" + ByteTokenizer.EndOfText });
        Assert.Equal(1, target.Count(token => token == ByteTokenizer.EndOfTextId));
    }

    [Fact]
    public void AResponseCutAtItsLimitKeepsItsLastToken()
    {
        var prompts = new PromptBuilder(Tiny.Tokenizer, PromptStyle.Direct);
        Assert.Equal("12", prompts.Text(new GeneratedRow([49, 50], [0, 0], Finished: false)));
        Assert.Equal("12", prompts.Text(new GeneratedRow([49, 50, ByteTokenizer.EndOfTextId], [0, 0, 0], Finished: true)));
    }
}
