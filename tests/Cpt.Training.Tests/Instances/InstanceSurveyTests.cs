using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class InstanceSurveyTests
{
    private static readonly TrainingSpec s_training = Tiny.Rft(Tiny.Optimization(2), Tiny.Grpo() with { InstanceFilter = new InstanceFilterSpec { Rollouts = 100, MaximumSolved = 100 } });

    /// <summary>A later attempt samples what an earlier one did not come to, and both must give what one alone would have.</summary>
    [Fact]
    public void AChunkIsTheSameWhicheverChunksWereSampledBefore()
    {
        using var model = Tiny.HalfTaught();
        var survey = Survey(s_training);
        Assert.Equal((20, 4), (survey.Samples, survey.Chunks));
        string[] inOrder = [.. Enumerable.Range(0, 4).Select(chunk => Text(survey, chunk, model))];
        Assert.Equal(inOrder[3], Text(Survey(s_training), 3, model));
        Assert.Equal(inOrder[1], Text(Survey(s_training), 1, model));
        Assert.Equal(4, inOrder.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void RolloutsAreAsOftenRightAsTheModelIs()
    {
        using var model = Tiny.HalfTaught();
        var survey = Survey(s_training);
        var selection = InstanceSelection.Of(Tiny.EvenDigits(), s_training, [.. Enumerable.Range(0, survey.Chunks).SelectMany(chunk => survey.Sample(chunk, model, Tiny.Tokenizer, null, default).Samples)]);
        Assert.InRange(selection.SolvedRate, 0.2, 0.8);
        Assert.Equal(20, selection.Instances);
        Assert.InRange(selection.Tokens, 20 * 100, 20 * 100 * 2);
    }

    [Fact]
    public void AStoredChunkOfOtherSamplesOrOtherRolloutsIsNoPartOfIt()
    {
        using var model = Tiny.HalfTaught();
        var survey = Survey(s_training);
        var chunk = survey.Sample(0, model, Tiny.Tokenizer, null, default);
        Assert.True(survey.IsPart(chunk));
        Assert.False(survey.IsPart(chunk with { Index = 1 }));
        Assert.False(survey.IsPart(chunk with { Samples = [.. chunk.Samples.Skip(1)] }));
        Assert.False(survey.IsPart(chunk with { Samples = [chunk.Samples[0] with { Rollouts = [] }, .. chunk.Samples.Skip(1)] }));
    }

    [Fact]
    public void ASampleWithoutRoomForAResponseIsNamedBeforeAnythingIsSampled()
    {
        using var model = Tiny.Model();
        var training = s_training with { Rft = s_training.Rft! with { MaxResponseTokens = 70 } };
        var error = Assert.Throws<StageFailureException>(() => Survey(training).Check(model, Tiny.Tokenizer, default));
        Assert.Equal("SampleTooLong", error.Reason);
        Assert.Contains("train sample s0: 2 prompt tokens and 70 response tokens (rft.maxResponseTokens)", error.Message, StringComparison.Ordinal);
    }

    /// <summary>Beside components the scorer of the task weighs nothing, and what they give decides.</summary>
    [Fact]
    public void RolloutsAreRewardedAsThoseOfTheStageAre()
    {
        using var model = Tiny.HalfTaught();
        var training = s_training with { Rft = s_training.Rft! with { AccuracyWeight = 0, RewardComponents = [new RewardComponentSpec { Scorer = "ExactMatch", Weight = 0.6 }] } };
        var survey = Survey(training);
        var rollouts = survey.Sample(0, model, Tiny.Tokenizer, null, default).Samples.SelectMany(sample => sample.Rollouts).ToList();
        Assert.Equal([0, 0.6], rollouts.Select(rollout => rollout.Reward).Distinct().Order());
        Assert.All(rollouts, rollout => Assert.Equal(rollout.Reward > 0, rollout.Solves(0.5, 0)));
    }

    [Fact]
    public void AStageWithoutAFilterAsksNothing()
    {
        Assert.Null(InstanceQuestion.Of(Tiny.Rft(Tiny.Optimization(1), Tiny.Grpo())));
        Assert.Null(InstanceQuestion.Of(Tiny.Sft(Tiny.Optimization(1))));
    }

    private static InstanceSurvey Survey(TrainingSpec training) => new(Tiny.EvenDigits(), InstanceQuestion.Of(training)!, training.Optimization, training.Seed);

    private static string Text(InstanceSurvey survey, int chunk, Cpt.Models.CausalLM model) =>
        JsonSerializer.Serialize(survey.Sample(chunk, model, Tiny.Tokenizer, null, default), ContractJson.Default.RolloutChunk);
}
