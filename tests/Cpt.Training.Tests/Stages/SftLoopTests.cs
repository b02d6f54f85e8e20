using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class SftLoopTests
{
    [Fact]
    public void TwoSamplesAreLearnedByHeart()
    {
        using var model = Tiny.Model();
        var task = Tiny.Task([Tiny.Sample("a", "sun=", "moon"), Tiny.Sample("b", "day=", "night")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(150, batch: 2, rate: 1e-2)), model, task));
        var first = loop.RunStep(default).Loss;
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.True(first > 4, $"a random model's loss is near ln 257 = 5.5; found {first}");
        Assert.True(last.Loss < 0.01, $"loss {last.Loss}");
        Assert.Equal(1.0, new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { MaxResponseTokens = 8 }).Score(task, ScoreKind.Task, null, default).Accuracy);
    }

    [Fact]
    public void TheLossIsTheMeanOverAnswerTokensAndPromptTokensAreNoTargets()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        var sequences = Sequences();
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1));
        var (loss, _) = TeachingPass.Run(new ResponseLogProbs(model, bfloat16: false), sequences, 0, 0, model.device, optimizer);

        // By hand: each sequence alone, without padding, from the logits of the whole sequence.
        double sum = 0;
        var tokens = 0;
        foreach (var (prompt, response) in sequences)
        {
            long[] ids = [.. prompt, .. response];
            using var noGrad = torch.no_grad();
            var logProbs = model.forward(torch.tensor<long>(ids, 1, ids.Length)).log_softmax(-1).data<float>();
            for (var i = 0; i < response.Length; i++, tokens++)
                sum -= logProbs[((prompt.Length - 1 + i) * Tiny.Config.VocabSize) + response[i]];
        }

        Assert.Equal(sum / tokens, loss, 1e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void MicroBatchesGiveTheGradientOfTheWholeBatch(int microBatchSize)
    {
        var (wholeLoss, whole) = Gradient(0);
        var (loss, gradient) = Gradient(microBatchSize);
        Assert.Equal(wholeLoss, loss, 1e-5);
        Assert.InRange(Tiny.LargestDifference(whole, gradient), 0, 1e-6);
    }

    private static (double Loss, Dictionary<string, float[]> Gradient) Gradient(int microBatchSize)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1));
        var (loss, _) = TeachingPass.Run(new ResponseLogProbs(model, bfloat16: false), Sequences(), microBatchSize, 0, model.device, optimizer);
        return (loss, model.Parameters.ToDictionary(p => p.Name, p => p.Value.grad!.data<float>(), StringComparer.Ordinal));
    }

    private static TrainingSequence[] Sequences() =>
    [
        new([1, 2, 3], [4, 5]), new([7], [8, 9, 10, 11]), new([20, 21, 22, 23, 24, 25], [26]), new([30, 31], [32, 33, 34]), new([40, 41, 42, 43], [44, 45]),
    ];

    [Fact]
    public void AWeightThatIsNotANumberStopsTheStageAndNamesTheStep()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(10)), model, Tiny.EvenDigits()));
        loop.RunStep(default);
        loop.RunStep(default);
        using (torch.no_grad()) model.Parameters[^1].Value.mul_(double.NaN);
        var error = Assert.Throws<StageFailureException>(() => loop.RunStep(default));
        Assert.Equal((ExitCodes.BadData, "NonFiniteLoss"), (error.ExitCode, error.Reason));
        Assert.StartsWith("step 3: the loss is NaN", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, loop.Step);
    }

    [Theory]
    [InlineData(double.NaN, "NonFiniteGradient")]
    [InlineData(double.PositiveInfinity, "NonFiniteGradient")]
    public void AGradientThatIsNotFiniteStopsTheStageBeforeItReachesAWeight(double value, string reason)
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1));
        var before = Tiny.Weights(model);
        foreach (var parameter in model.Parameters) parameter.Value.grad = torch.full(parameter.Value.shape, value);
        var error = Assert.Throws<StageFailureException>(() => optimizer.Update(1e-3, step: 7));
        Assert.Equal(reason, error.Reason);
        Assert.Contains("step 7", error.Message, StringComparison.Ordinal);
        Tiny.AreEqual(before, Tiny.Weights(model));
    }

    [Fact]
    public void ANonFiniteRewardNamesStepAndSample()
    {
        var error = Assert.Throws<StageFailureException>(() => Finite.Reward(double.NaN, 12, "train-7"));
        Assert.Equal("NonFiniteReward", error.Reason);
        Assert.Contains("step 12: the reward of a rollout of sample train-7 is NaN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASampleLongerThanTheContextIsFoundBeforeTheFirstStep()
    {
        using var model = Tiny.Model();
        var task = Tiny.Task([Tiny.Sample("short", "a=", "b"), Tiny.Sample("long", "a=", new string('x', 70))]);
        var optimization = Tiny.Optimization(1) with { MaxSequenceTokens = 512 };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(optimization), model, task));
        var error = Assert.Throws<StageFailureException>(() => loop.Preflight(default));
        Assert.Equal((ExitCodes.BadData, "SampleTooLong"), (error.ExitCode, error.Reason));
        Assert.Contains("train sample long: 2 prompt tokens and 71 answer tokens make 73, but the model's context is 64", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ASampleLongerThanMaxSequenceTokensNamesTheKnob()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(
            Tiny.Sft(Tiny.Optimization(1) with { MaxSequenceTokens = 4 }), model, Tiny.Task([Tiny.Sample("a", "abc=", "d")])));
        var error = Assert.Throws<StageFailureException>(() => loop.Preflight(default));
        Assert.Contains("parameters.maxSequenceTokens is 4; raise it to at least 6", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AStageStopsOnceItMeetsItsAccuracyAndSaysSo()
    {
        using var model = Tiny.Model();
        var task = Tiny.Task([Tiny.Sample("a", "sun=", "moon"), Tiny.Sample("b", "day=", "night")]);
        var optimization = Tiny.Optimization(500, batch: 2, rate: 1e-2) with { StopAtAccuracy = 0.9, StopCheckSteps = 10 };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(optimization), model, task));
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.True(loop.StoppedEarly);
        Assert.InRange(loop.Step, 10, 490);
        Assert.Equal(0, loop.Step % 10);
        Assert.True(last.StopAccuracy >= 0.9);
        Assert.True(loop.SaveState()["stoppedEarly"]!.GetValue<bool>());
        Assert.Throws<InvalidOperationException>(() => loop.RunStep(default));
    }

    [Fact]
    public void ACancelledStepHasChangedNothing()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(10)), model, Tiny.EvenDigits()));
        loop.RunStep(default);
        var (before, state) = (Tiny.Weights(model), loop.SaveState().ToJsonString());
        Assert.Throws<OperationCanceledException>(() => loop.RunStep(new CancellationToken(canceled: true)));
        Tiny.AreEqual(before, Tiny.Weights(model));
        Assert.Equal(state, loop.SaveState().ToJsonString());
    }

    [Fact]
    public void ATaskWithoutATrainSplitIsRefused()
    {
        using var model = Tiny.Model();
        var error = Assert.Throws<StageFailureException>(() => StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(1)), model, Tiny.EvenDigits() with { Train = [] })));
        Assert.Equal((ExitCodes.BadData, "NoValidSamples"), (error.ExitCode, error.Reason));
    }

    [Fact]
    public void Bfloat16TrainsOnFloat32Weights()
    {
        using var model = Tiny.Model();
        var task = Tiny.Task([Tiny.Sample("a", "sun=", "moon"), Tiny.Sample("b", "day=", "night")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(100, batch: 2, rate: 1e-2) with { Precision = "bfloat16" }), model, task));
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.True(last.Loss < 0.1, $"loss {last.Loss}");
        Assert.All(model.Parameters, parameter => Assert.Equal(ScalarType.Float32, parameter.Value.dtype));
    }

    [Fact]
    public void AnUnknownPrecisionIsRefusedWithWhatThereIs()
    {
        using var model = Tiny.Model();
        var error = Assert.Throws<StageFailureException>(() =>
            StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(1) with { Precision = "fp8" }), model, Tiny.EvenDigits())));
        Assert.Contains("precision: 'fp8' is not a precision; use float32, bfloat16, bfloat16-master or bfloat16-pure", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Precision.BFloat16Master, ScalarType.Float32)]
    [InlineData(Precision.BFloat16Pure, ScalarType.Float32)]
    [InlineData(Precision.BFloat16, ScalarType.BFloat16)]
    [InlineData(Precision.Float32, ScalarType.BFloat16)]
    public void WeightsOfAnotherTypeThanThePrecisionsAreABugThatIsNamed(string precision, ScalarType loaded)
    {
        using var model = Models.CausalLM.Create(Tiny.Config, 1, loaded);
        var error = Assert.Throws<InvalidOperationException>(() =>
            StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(1) with { Precision = precision }), model, Tiny.EvenDigits())));
        Assert.Equal($"precision is {precision}, and the policy's weights were loaded as {loaded}", error.Message);
    }

    [Theory]
    [InlineData(Precision.BFloat16Master, 3e-3)]
    [InlineData(Precision.BFloat16Pure, 1e-2)]
    public void HalfPrecisionWeightsLearnTheirAnswersByHeart(string precision, double rate)
    {
        using var model = Models.CausalLM.Create(Tiny.Config, 1, ScalarType.BFloat16);
        var task = Tiny.Task([Tiny.Sample("a", "sun=", "moon"), Tiny.Sample("b", "day=", "night")]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(200, batch: 2, rate: rate) with { Precision = precision }), model, task));
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.True(last.Loss < 0.1, $"loss {last.Loss}");
        Assert.Equal(ScalarType.BFloat16, model.dtype);
        Assert.Equal(precision == Precision.BFloat16Master, loop.OptimizerState().Keys.Any(name => name.StartsWith("master.", StringComparison.Ordinal)));
    }

    [Fact]
    public void ALookAtTheAccuracyThatWasCancelledIsPaidWhenTheStageResumes()
    {
        using var model = Tiny.Model();
        var training = Tiny.Sft(Tiny.Optimization(10) with { StopAtAccuracy = 0.9, StopCheckSteps = 2 });
        using var loop = StageLoops.Create(Tiny.Context(training, model, Tiny.EvenDigits()));
        loop.RunStep(default);
        var paid = loop.RunStep(default).StopAccuracy;
        var state = loop.SaveState();
        state["stopCheckPending"] = true;
        state["history"]!["points"]![1]!.AsObject().Remove("stopAccuracy");

        loop.LoadState(state, loop.OptimizerState());
        Assert.Equal(paid, loop.History.Points[^1].StopAccuracy);
        Assert.False(loop.SaveState()["stopCheckPending"]!.GetValue<bool>());
    }
}
