using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

public sealed class PretrainerTests
{
    [Fact]
    public void AModelLearnsFromAStreamAndEqualSeedsGiveEqualWeights()
    {
        (double First, double Last, Dictionary<string, float[]> Weights) Run()
        {
            using var model = Tiny.Model(seed: 4);
            using var pretrainer = new Pretrainer(model, Tiny.Tokenizer, new DigitsCorpus(seed: 4, perTask: 4).Batch, new PretrainingOptions { Steps = 30, LearningRate = 1e-2 });
            var first = pretrainer.RunStep().Loss;
            var last = first;
            while (!pretrainer.Finished) last = pretrainer.RunStep().Loss;
            return (first, last, Tiny.Weights(model));
        }

        var (once, again) = (Run(), Run());
        Assert.True(once.Last < once.First / 2, $"loss went from {once.First} to {once.Last}");
        Tiny.AreEqual(once.Weights, again.Weights);
    }

    [Fact]
    public void PromptsAreLearnedTooWhenAsked()
    {
        double AccuracyOfTheRestOfAPrompt(bool prompts)
        {
            using var model = Tiny.Model();
            using var pretrainer = new Pretrainer(model, Tiny.Tokenizer, _ => [new Demonstration("abcdef", "1")], new PretrainingOptions { Steps = 300, LearningRate = 1e-2, LearnPrompts = prompts });
            while (!pretrainer.Finished) pretrainer.RunStep();
            var task = Tiny.Task([Tiny.Sample("p", "abc", "def1")]);
            return new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { MaxResponseTokens = 8 }).Score(task, ScoreKind.Task, null, default).Accuracy;
        }

        Assert.Equal(1, AccuracyOfTheRestOfAPrompt(prompts: true));
        Assert.Equal(0, AccuracyOfTheRestOfAPrompt(prompts: false));
    }

    [Fact]
    public void TheDigitsPresetFitsInThreeMegabytes()
    {
        var config = PretrainingPresets.Find(PretrainingPresets.Digits)!;
        Assert.InRange(config.ParameterCount * sizeof(float), 2_000_000, 2_900_000);
        Assert.Null(PretrainingPresets.Find("unknown"));
    }
}
