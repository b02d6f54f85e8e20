using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>Several workers on one stage: what they train is what one would train, and what they save is continued bit for bit.</summary>
public sealed class CrewTests : IDisposable
{
    private const int Steps = 6;

    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-crew-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // With AdamW's usual epsilon the rounding of a gradient that is nearly zero would become a whole step.
    private static readonly Dictionary<string, TrainingSpec> s_specs = new(StringComparer.Ordinal)
    {
        ["SFT"] = Tiny.Sft(Optimization()),
        ["SFT in micro-batches, by epochs"] = Tiny.Sft(Optimization(batch: 7) with { Steps = null, Epochs = 2, MicroBatchSize = 2 }),
        ["SFT with fewer samples than workers"] = Tiny.Sft(Optimization(batch: 1)),
        ["SFT that looks at its accuracy"] = Tiny.Sft(Optimization() with { StopAtAccuracy = 1, StopCheckSteps = 2, StopEvaluationSamples = 8 }),
        ["SFT with master weights"] = Tiny.Sft(Optimization() with { Precision = Precision.BFloat16Master }),
        ["SFT with pictures"] = Tiny.Sft(Optimization() with { MicroBatchSize = 3 }),
        ["GRPO, two mini-batches"] = Tiny.Rft(Optimization(), Tiny.Grpo(miniBatches: 2)),
        ["GRPO with KL to the previous stage"] = Tiny.Rft(Optimization(), Tiny.Grpo() with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.05 }),
        ["GRPO with dynamic sampling"] = Tiny.Rft(Optimization(), Tiny.Grpo() with { DynamicSamplingBatches = 3, GroupSize = 2 }),
        ["SFT with a replay"] = Tiny.Sft(Optimization()) with { Replay = Tiny.Replay(30) },
        ["GRPO with a replay"] = Tiny.Rft(Optimization(), Tiny.Grpo()) with { Replay = Tiny.Replay(30) },
        ["GRPO of two tasks"] = Tiny.Rft(Optimization(), Tiny.Grpo()) with { JointTasks = [new TaskInput { Name = "letters", Uri = "file:///letters" }] },
        ["SFT with EWC and LwF"] = Tiny.Sft(Optimization() with { MicroBatchSize = 2 }) with
        {
            Replay = Tiny.Replay(20), Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(50), Lwf = new LwfSpec { Weight = 1, Temperature = 2 } },
        },
        ["GRPO with EWC"] = Tiny.Rft(Optimization(), Tiny.Grpo()) with { Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(50) } },
        ["ReMax"] = Tiny.Rft(Optimization(), Tiny.Grpo() with { Algorithm = RftAlgorithm.ReMax }),
    };

    public static TheoryData<string, int> Crews()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in s_specs.Keys)
        {
            data.Add(name, 2);
            data.Add(name, 3);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Crews))]
    public void SeveralWorkersTrainWhatOneTrains(string stage, int size)
    {
        var training = s_specs[stage];
        var input = Input(stage);
        var alone = Train(training, stage, input, null);
        var crew = Crew.Run(size, (group, gradients) => Train(training, stage, input, new WorkerGroup(group, gradients)));

        Assert.All(crew, worker => Tiny.AreEqual(crew[0].Weights, worker.Weights));
        // bfloat16 weights are rounded to 8 bits; their neighbours are 1/128 apart.
        var rounded = training.Optimization.Precision == Precision.BFloat16Master;
        Assert.InRange(Tiny.LargestDifference(alone.Weights, crew[0].Weights), 0, rounded ? 1.0 / 128 : 5e-5);
        foreach (var (one, all) in alone.Reports.Zip(crew[0].Reports))
        {
            Assert.Equal((one.Step, one.Tokens, one.Reward, one.EqualGroups, one.StopAccuracy), (all.Step, all.Tokens, all.Reward, all.EqualGroups, all.StopAccuracy));
            Assert.Equal(one.Loss, all.Loss, rounded ? 0.02 : 1e-3);
            Assert.Equal(one.GradientNorm, all.GradientNorm, rounded ? 0.2 : 1e-2);
        }

        Assert.Equal(alone.Reports.Count, crew[0].Reports.Count);
        Assert.All(crew, worker => Assert.Equal(crew[0].State, worker.State));
    }

    [Theory]
    [MemberData(nameof(Crews))]
    public void AResumedCrewEndsWithTheSameBits(string stage, int size)
    {
        var training = s_specs[stage];
        var input = Input(stage);
        var undisturbed = Crew.Run(size, (group, gradients) => Train(training, stage, input, new WorkerGroup(group, gradients)));
        var saved = Crew.Run(size, (group, gradients) => Save(training, stage, input, new WorkerGroup(group, gradients), after: 3))[0];
        var resumed = Crew.Run(size, (group, gradients) => Train(training, stage, input, new WorkerGroup(group, gradients), saved));

        Tiny.AreEqual(undisturbed[0].Weights, resumed[0].Weights);
        Assert.Equal(undisturbed[0].State, resumed[0].State);
    }

    [Theory]
    [InlineData("SFT")]
    [InlineData("SFT with master weights")]
    [InlineData("GRPO, two mini-batches")]
    public void ACheckpointSaysNothingOfHowManyWorkersWroteIt(string stage)
    {
        var training = s_specs[stage];
        var input = Input(stage);
        var saved = Crew.Run(2, (group, gradients) => Save(training, stage, input, new WorkerGroup(group, gradients), after: 3))[0];
        var byThree = Crew.Run(3, (group, gradients) => Save(training, stage, input, new WorkerGroup(group, gradients), after: 3, saved))[0];
        var byOne = Save(training, stage, input, null, after: 3, saved);

        foreach (var again in new[] { byThree, byOne })
        {
            Assert.Equal(saved.State, again.State);
            Assert.Equal(saved.Moments.Keys.Order(StringComparer.Ordinal), again.Moments.Keys.Order(StringComparer.Ordinal));
            Assert.All(saved.Moments, moment => Assert.Equal(moment.Value.Values, again.Moments[moment.Key].Values));
        }

        var alone = Train(training, stage, input, null);
        var changed = Crew.Run(3, (group, gradients) => Train(training, stage, input, new WorkerGroup(group, gradients), saved));
        Assert.InRange(Tiny.LargestDifference(alone.Weights, changed[0].Weights), 0, training.Optimization.Precision == Precision.BFloat16Master ? 1.0 / 128 : 5e-5);
    }

    [Theory]
    [InlineData("SFT")]
    [InlineData("GRPO, two mini-batches")]
    public void AllStopWhenOneIsAskedTo(string stage)
    {
        var training = s_specs[stage];
        var input = Input(stage);
        var stopped = Crew.Run(3, (group, gradients) =>
        {
            using var asked = new CancellationTokenSource();
            var agreed = false;
            using var policy = CausalLM.Load(input);
            using var loop = StageLoops.Create(Tiny.Context(training, policy, TaskOf(stage)) with { Workers = new WorkerGroup(group, gradients, () => agreed = true) });
            loop.RunStep(asked.Token);
            if (group.Rank == 1) asked.Cancel();
            Assert.Throws<OperationCanceledException>(() => loop.RunStep(asked.Token));
            return (loop.Step, agreed, Moments: loop.OptimizerState().Count);
        });

        Assert.All(stopped, worker => Assert.Equal((1, true), (worker.Step, worker.agreed)));
        Assert.Equal([true, false, false], stopped.Select(worker => worker.Moments > 0));
    }

    [Fact]
    public void AScoreIsTheSameWhoeverScores()
    {
        var input = Input("SFT");
        var settings = new EvaluationSettings { Temperature = 1, MaxResponseTokens = 3, Seed = 4 };
        TaskScore Score(WorkerGroup? workers)
        {
            using var model = CausalLM.Load(input);
            return new Evaluator(model, Tiny.Tokenizer, settings, workers).Score(Tiny.EvenDigits(), ScoreKind.Task, previous: null, CancellationToken.None);
        }

        var alone = Score(null);
        var crew = Crew.Run(3, (group, gradients) => Score(new WorkerGroup(group, gradients)));

        Assert.All(crew, score => Assert.Equal(alone.Records, score.Records));
        Assert.All(crew, score => Assert.Equal(alone.Accuracy, score.Accuracy));
        Assert.True(alone.Records.Select(record => record.Response).Distinct(StringComparer.Ordinal).Count() > 3);
    }

    [Fact]
    public void EachWorkerKeepsOptimizerStateOfItsPartAlone()
    {
        var input = Input("SFT");
        var owned = Crew.Run(3, (group, gradients) =>
        {
            using var policy = CausalLM.Load(input);
            foreach (var parameter in policy.Parameters) parameter.Value.requires_grad = true;
            using var shards = new ParameterShards(new WorkerGroup(group, gradients), [.. policy.Parameters.Select(parameter => parameter.Value)]);
            return (Own: shards.Pieces.Sum(piece => piece.numel()), All: policy.Parameters.Sum(parameter => parameter.Value.numel()));
        });

        Assert.Equal(owned[0].All, owned.Sum(worker => worker.Own));
        Assert.All(owned, worker => Assert.InRange(worker.Own, (worker.All / 3) - 48, (worker.All / 3) + 48));
    }

    private static OptimizationSpec Optimization(int batch = 8) => Tiny.Optimization(Steps, batch) with { Epsilon = 1e-3 };

    private static bool Pictures(string stage) => stage.EndsWith("pictures", StringComparison.Ordinal);

    private static TaskData TaskOf(string stage) => Pictures(stage) ? Tiny.Shapes() : Tiny.EvenDigits();

    private string Input(string stage)
    {
        var input = Path.Combine(_directory, "input");
        using var model = Pictures(stage) ? Tiny.HalfTaughtPictures() : Tiny.HalfTaught();
        model.Save(input);
        return input;
    }

    private static (Dictionary<string, float[]> Weights, List<StepReport> Reports, string State) Train(TrainingSpec training, string stage, string input, WorkerGroup? workers, Saved? saved = null)
    {
        using var policy = Policy(training, input, saved);
        using var loop = Loop(training, stage, input, policy, workers, saved);
        var reports = new List<StepReport>();
        while (!loop.Finished) reports.Add(loop.RunStep(default));
        return (Tiny.Weights(policy), reports, loop.SaveState().ToJsonString());
    }

    private static Saved Save(TrainingSpec training, string stage, string input, WorkerGroup? workers, int after, Saved? from = null)
    {
        using var policy = Policy(training, input, from);
        using var loop = Loop(training, stage, input, policy, workers, from);
        while (loop.Step < after) loop.RunStep(default);
        var moments = loop.OptimizerState().ToDictionary(pair => pair.Key, pair => (pair.Value.shape, pair.Value.to(ScalarType.Float32).data<float>()), StringComparer.Ordinal);
        return new Saved(Tiny.Weights(policy), moments, loop.SaveState().ToJsonString());
    }

    private static CausalLM Policy(TrainingSpec training, string input, Saved? saved)
    {
        var policy = CausalLM.Load(input, Precision.HalvesWeights(training.Optimization.Precision) ? ScalarType.BFloat16 : ScalarType.Float32);
        if (saved is null) return policy;
        using var unrecorded = torch.no_grad();
        foreach (var (name, value) in policy.Parameters) value.copy_(torch.tensor<float>(saved.Weights[name], value.shape));
        return policy;
    }

    private static IStageLoop Loop(TrainingSpec training, string stage, string input, CausalLM policy, WorkerGroup? workers, Saved? saved)
    {
        var loop = StageLoops.Create(Tiny.Context(training, policy, TaskOf(stage), () => CausalLM.Load(input, policy.dtype)) with { Workers = workers });
        if (saved is null) return loop;
        using var scope = torch.NewDisposeScope();
        loop.LoadState(JsonNode.Parse(saved.State)!.AsObject(), saved.Moments.ToDictionary(pair => pair.Key, pair => torch.tensor<float>(pair.Value.Values, pair.Value.Shape), StringComparer.Ordinal));
        return loop;
    }

    private sealed record Saved(Dictionary<string, float[]> Weights, Dictionary<string, (long[] Shape, float[] Values)> Moments, string State);
}
