using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

/// <summary>What is right must never reach the model that is asked: everything a prompt is made of is searched for it.</summary>
public sealed class GroundTruthTests
{
    private const string Truth = "Kl3opatra";

    public static TheoryData<string> Tasks =>
    [
        .. Suites.All.SelectMany(suite => suite.Tasks.Select(task => $"generated://{suite.Name}/{task.Name}?train=8&eval=8")),
    ];

    /// <summary>Also where the answer is a word of the question, as in a task of copying: another answer must not change the prompt.</summary>
    [Theory]
    [MemberData(nameof(Tasks))]
    public void AnotherAnswerGivesTheSamePrompt(string uri)
    {
        var task = TaskLoader.Load(uri);
        using var model = task.HasImages ? Tiny.VisionModel() : Tiny.Model();
        var tokenizer = task.HasImages ? Tokenizer(model) : Tiny.Tokenizer;
        foreach (var style in Enum.GetValues<PromptStyle>())
        {
            var prompts = PromptBuilder.Of(task, model, tokenizer, style);
            foreach (var sample in task.Train.Concat(task.Eval))
            {
                var asked = prompts.Prompt(sample);
                Assert.Equal(asked.Tokens, prompts.Prompt(sample with { Answer = Truth, Accept = Truth }).Tokens);
                Assert.DoesNotContain(Truth, tokenizer.Decode(prompts.Prompt(sample with { Answer = Truth, Accept = Truth }).Tokens), StringComparison.Ordinal);
            }
        }
    }

    /// <summary>The prompts that a stage really feeds, whichever part of it asks: steps, preflight, filter, self-distillation, evaluation.</summary>
    [Theory]
    [InlineData(PromptStyle.Direct)]
    [InlineData(PromptStyle.ChainOfThought)]
    public void NoRolloutIsAskedWithIt(PromptStyle style)
    {
        using var model = CausalLM.Create(Tiny.Config with { MaxPositionEmbeddings = 512 }, 1);
        Sample[] samples = [Tiny.Sample("one", "Who was the last pharaoh?", Truth), Tiny.Sample("two", "And her son?", "Kaisarion")];
        var source = TaskSource.Of(Tiny.Task(samples), model, Tiny.Tokenizer, style, replayed: false);
        using var sampler = new RolloutSampler(model, from => new RewardModel(from.Task.Scorer, style), Tiny.Grpo() with { Prompt = style });
        var drawn = Array.ConvertAll(samples, sample => new DrawnSample(source, sample));
        var rollouts = sampler.Rollouts(drawn, 2, seed: 1, default).Concat(sampler.Sample(drawn, 2, 2, 1, default).SelectMany(group => group.Rollouts)).ToArray();
        Assert.Equal(8, rollouts.Length);
        foreach (var rollout in rollouts)
        {
            var asked = Tiny.Tokenizer.Decode(rollout.Sequence.Prompt);
            Assert.DoesNotContain(Truth, asked, StringComparison.Ordinal);
            Assert.DoesNotContain("Kaisarion", asked, StringComparison.Ordinal);
            Assert.Contains('?', asked);
        }
    }

    private static Tokenizer Tokenizer(CausalLM model)
    {
        var directory = Directory.CreateTempSubdirectory("cpt-truth-").FullName;
        try
        {
            model.Save(directory);
            return Cpt.Models.Tokenizer.Load(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }
}
