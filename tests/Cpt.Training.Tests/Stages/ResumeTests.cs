using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>A stage that was stopped, written to disk and loaded into fresh objects ends with the same bits as one that never stopped.</summary>
public sealed class ResumeTests : IDisposable
{
    private const int Steps = 10;
    private Dictionary<string, (long[] Shape, float[] Values)> _moments = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-resume-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    public static TheoryData<string, int> Stages()
    {
        var data = new TheoryData<string, int>();
        foreach (var name in s_specs.Keys)
        {
            data.Add(name, 4);
            data.Add(name, 9);
        }

        return data;
    }

    private static readonly Dictionary<string, TrainingSpec> s_specs = new(StringComparer.Ordinal)
    {
        ["SFT"] = Tiny.Sft(Tiny.Optimization(Steps) with { Schedule = LearningRateSchedule.Cosine, WarmupRatio = 0.2 }),
        ["SFT in micro-batches, by epochs"] = Tiny.Sft(Tiny.Optimization(Steps, batch: 6) with { Steps = null, Epochs = 2.9, MicroBatchSize = 4 }),
        ["SFT that looks at its accuracy"] = Tiny.Sft(Tiny.Optimization(Steps) with { StopAtAccuracy = 1, StopCheckSteps = 2, StopEvaluationSamples = 8 }),
        ["GRPO, two mini-batches"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2)),
        ["GRPO with KL to the previous stage"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2) with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.05 }),
        ["GRPO with dynamic sampling"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo() with { DynamicSamplingBatches = 3, GroupSize = 2 }),
        ["SFT with autocast"] = Tiny.Sft(Tiny.Optimization(Steps) with { Precision = Precision.BFloat16 }),
        ["SFT with master weights"] = Tiny.Sft(Tiny.Optimization(Steps) with { Precision = Precision.BFloat16Master }),
        ["SFT in bfloat16 alone"] = Tiny.Sft(Tiny.Optimization(Steps, rate: 1e-2) with { Precision = Precision.BFloat16Pure }),
        ["GRPO with master weights and KL to the previous stage"] = Tiny.Rft(
            Tiny.Optimization(Steps) with { Precision = Precision.BFloat16Master }, Tiny.Grpo() with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.05 }),
        ["SFT with pictures"] = Tiny.Sft(Tiny.Optimization(Steps) with { MicroBatchSize = 3 }),
        ["GRPO with pictures"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2) with { KlReference = KlReference.Base, KlCoefficient = 0.05 }),
        ["SFT of a LoRA"] = Tiny.Sft(Tiny.Optimization(Steps) with { MicroBatchSize = 3 }) with { Lora = Tiny.Lora with { Dropout = 0.2 } },
        ["SFT of a LoRA beside bfloat16 weights"] = Tiny.Sft(Tiny.Optimization(Steps) with { Precision = Precision.BFloat16Master }) with { Lora = Tiny.Lora },
        ["SFT of a LoRA in bfloat16 alone"] = Tiny.Sft(Tiny.Optimization(Steps, rate: 1e-2) with { Precision = Precision.BFloat16Pure }) with { Lora = Tiny.Lora },
        ["SFT of a LoRA with autocast"] = Tiny.Sft(Tiny.Optimization(Steps) with { Precision = Precision.BFloat16 }) with { Lora = Tiny.Lora },
        ["GRPO of a LoRA with KL to the previous stage"] = Tiny.Rft(
            Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2) with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.05 }) with { Lora = Tiny.Lora },
        ["GRPO of a LoRA with pictures"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo()) with { Lora = Tiny.Lora with { VisionTower = true } },
        ["SFT with frozen parts"] = Tiny.Sft(Tiny.Optimization(Steps)) with { Freeze = ["model.embed_tokens.weight", "model.layers.0.*"] },
        ["SFT of packed samples"] = Tiny.Sft(Tiny.Optimization(Steps) with { PackSequences = true }),
        ["SFT with a replay, by epochs"] = Tiny.Sft(Tiny.Optimization(Steps, batch: 3) with { Steps = null, Epochs = 1.4 }) with { Replay = Tiny.Replay(15) },
        ["GRPO with a replay"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2) with { DynamicSamplingBatches = 1 }) with { Replay = Tiny.Replay(30) },
        ["SFT of two tasks with a replay"] = Tiny.Sft(Tiny.Optimization(Steps, batch: 5)) with { JointTasks = [new TaskInput { Name = "letters", Uri = "file:///letters" }], Replay = Tiny.Replay(15) },
        ["SFT with EWC and LwF"] = Tiny.Sft(Tiny.Optimization(Steps) with { MicroBatchSize = 3 }) with
        {
            Replay = Tiny.Replay(20), Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(200), Lwf = new LwfSpec { Weight = 1, Temperature = 2 } },
        },
        ["SFT of a LoRA with LwF"] = Tiny.Sft(Tiny.Optimization(Steps)) with { Lora = Tiny.Lora, Regularization = new RegularizationSpec { Lwf = new LwfSpec { Weight = 1, Temperature = 2 } } },
        ["SFT with EWC and frozen parts"] = Tiny.Sft(Tiny.Optimization(Steps)) with { Freeze = ["model.layers.0.*"], Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(200) } },
        ["GRPO with EWC"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo(miniBatches: 2)) with { Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(200) } },
        ["ReMax"] = Tiny.Rft(Tiny.Optimization(Steps), Tiny.Grpo() with { Algorithm = RftAlgorithm.ReMax }),
    };

    [Theory]
    [MemberData(nameof(Stages))]
    public void AResumedStageEndsWithTheSameBits(string stage, int stopAfter)
    {
        var training = s_specs[stage];
        var pictures = stage.EndsWith("pictures", StringComparison.Ordinal);
        var task = pictures ? Tiny.Shapes() : Tiny.EvenDigits();
        var input = Path.Combine(_directory, "input");
        using (var model = pictures ? Tiny.HalfTaughtPictures() : Tiny.HalfTaught()) model.Save(input);

        var (undisturbed, curves) = Run(training, task, input, int.MaxValue);
        Run(training, task, input, stopAfter);
        var (resumed, resumedCurves) = Resume(training, task, input);

        Tiny.AreEqual(undisturbed, resumed);
        Assert.Equal(curves, resumedCurves);
    }

    private (Dictionary<string, float[]> Weights, string State) Run(TrainingSpec training, Tasks.TaskData task, string input, int stopAfter)
    {
        using var policy = CausalLM.Load(input, TypeOf(training));
        using var loop = StageLoops.Create(Context(training, policy, task, input));
        while (!loop.Finished && loop.Step < stopAfter) loop.RunStep(default);
        if (loop.Finished) return (Final(policy), loop.SaveState().ToJsonString());

        if (policy.Adapter is { } adapter) LoraFiles.Save(adapter, Path.Combine(_directory, "adapter"));
        else policy.Save(Path.Combine(_directory, "model"));
        _moments = loop.OptimizerState().ToDictionary(pair => pair.Key, pair => (pair.Value.shape, pair.Value.to(ScalarType.Float32).data<float>()), StringComparer.Ordinal);
        File.WriteAllText(Path.Combine(_directory, "state.json"), loop.SaveState().ToJsonString());
        return ([], "");
    }

    private (Dictionary<string, float[]> Weights, string State) Resume(TrainingSpec training, Tasks.TaskData task, string input)
    {
        using var policy = CausalLM.Load(training.Lora is null ? Path.Combine(_directory, "model") : input, TypeOf(training));
        using var loop = StageLoops.Create(Context(training, policy, task, input));
        if (policy.Adapter is { } adapter) LoraFiles.LoadInto(adapter, Path.Combine(_directory, "adapter"));
        using (torch.NewDisposeScope())
        {
            var state = JsonNode.Parse(File.ReadAllText(Path.Combine(_directory, "state.json")))!.AsObject();
            loop.LoadState(state, _moments.ToDictionary(pair => pair.Key, pair => torch.tensor<float>(pair.Value.Values, pair.Value.Shape), StringComparer.Ordinal));
        }

        while (!loop.Finished) loop.RunStep(default);
        return (Final(policy), loop.SaveState().ToJsonString());
    }

    private static StageContext Context(TrainingSpec training, CausalLM policy, Tasks.TaskData task, string input) =>
        Tiny.Context(training, policy, task, () => CausalLM.Load(input, TypeOf(training))) with { ReferenceIsInput = true };

    private static Dictionary<string, float[]> Final(CausalLM policy)
    {
        if (policy.Adapter is not null) policy.MergeAdapter();
        return Tiny.Weights(policy);
    }

    private static ScalarType TypeOf(TrainingSpec training) => Precision.HalvesWeights(training.Optimization.Precision) ? ScalarType.BFloat16 : ScalarType.Float32;

    [Fact]
    public void AMissingMomentIsNamed()
    {
        using var policy = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(s_specs["SFT"], policy, Tiny.EvenDigits()));
        loop.RunStep(default);
        var moments = loop.OptimizerState().ToDictionary(pair => pair.Key, pair => pair.Value, StringComparer.Ordinal);
        var lost = moments.Keys.First();
        moments.Remove(lost);
        var error = Assert.Throws<StageFailureException>(() => loop.LoadState(loop.SaveState(), moments));
        Assert.Equal("CorruptCheckpoint", error.Reason);
        Assert.Contains(lost, error.Message, StringComparison.Ordinal);
    }
}
