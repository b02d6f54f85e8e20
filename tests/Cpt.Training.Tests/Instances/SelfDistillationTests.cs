using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class SelfDistillationTests
{
    private static readonly RolloutRecord s_wrong = new(0, 0, 1, 2, true);
    private static readonly RolloutRecord s_right = new(1, 1, 1, 2, true);
    private static readonly RolloutRecord s_partly = new(0.6, 0.6, 1, 2, true);

    [Fact]
    public void OneLearnsTheValidRolloutThatEarnedMostAndOfEqualsTheFirst()
    {
        Assert.Equal([1], Learned(ValidRollouts.One, s_wrong, s_right, s_right));
        Assert.Equal([2], Learned(ValidRollouts.One, s_partly, s_wrong, s_right));
    }

    [Fact]
    public void AllLearnsEveryValidRolloutAsOftenAsItWasDrawn() => Assert.Equal([0, 2, 3], Learned(ValidRollouts.All, s_right, s_wrong, s_right, s_partly));

    [Theory]
    [InlineData(ValidRollouts.One)]
    [InlineData(ValidRollouts.All)]
    public void ARolloutThatIsWrongWithoutItsFormOrCutIsNeverLearned(ValidRollouts perSample) =>
        Assert.Empty(Learned(perSample, s_wrong, s_right with { Format = 0 }, s_right with { Finished = false }, s_partly with { Reward = 0.4 }));

    [Fact]
    public void AFilterLearnsNoneOfItsRollouts() => Assert.Empty(SelfDistillation.Learned([s_right], 0.5, 0, perSample: null));

    [Fact]
    public void TheStageLearnsTheTokensThatWereSampledInsteadOfTheTasksAnswers()
    {
        using var model = Tiny.HalfTaught();
        var training = Training(new SelfDistillationSpec { Rollouts = 8, PerSample = ValidRollouts.All, MaxResponseTokens = 2 });
        var selection = Select(training, model);
        Assert.Equal(selection.Task.Train.Count, selection.Responses!.Count);
        Assert.True(selection.Task.Train.Count > selection.Kept, "half of 8 rollouts are valid, so most samples are learned more than once");
        Assert.All(selection.Responses, response => Assert.Matches("^[02468]$", Tiny.Tokenizer.Decode(response.AsSpan(..^1))));
        Assert.All(selection.Responses, response => Assert.Equal(Tiny.Tokenizer.EosTokenId, response[^1]));

        // Answers of the task are odd as often as even; what is learned is even.
        using var loop = StageLoops.Create(Tiny.Context(training, model, selection.Task) with { Responses = selection.Responses });
        while (!loop.Finished) loop.RunStep(default);
        var score = new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { Temperature = 1, MaxResponseTokens = 2 }).Score(Tiny.EvenDigits(), ScoreKind.Task, null, default);
        Assert.True(score.Accuracy > 0.9, $"accuracy {score.Accuracy}");
    }

    [Fact]
    public void ASampleWithoutAValidRolloutIsDropped()
    {
        using var model = Tiny.HalfTaught();
        var training = Training(new SelfDistillationSpec { Rollouts = 1, MaxResponseTokens = 2 });
        var selection = Select(training, model);
        Assert.InRange(selection.Kept, 1, 19);
        Assert.Equal(selection.Kept, selection.Task.Train.Count);
        Assert.Equal(selection.NeverSolved, 20 - selection.Kept);
    }

    private static IReadOnlyList<int> Learned(ValidRollouts perSample, params RolloutRecord[] rollouts) => SelfDistillation.Learned(rollouts, 0.5, 0, perSample);

    private static TrainingSpec Training(SelfDistillationSpec own) => Tiny.Sft(Tiny.Optimization(40, batch: 16, rate: 5e-3)) with { SelfDistillation = own };

    private static InstanceSelection Select(TrainingSpec training, Cpt.Models.CausalLM model)
    {
        var survey = new InstanceSurvey(Tiny.EvenDigits(), InstanceQuestion.Of(training)!, training.Optimization, training.Seed);
        return InstanceSelection.Of(Tiny.EvenDigits(), training, [.. Enumerable.Range(0, survey.Chunks).SelectMany(chunk => survey.Sample(chunk, model, Tiny.Tokenizer, null, default).Samples)]);
    }
}
