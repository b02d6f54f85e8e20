using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class LoraStageTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-lora-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void TheWeightsStandStillAndTheTaskIsLearned()
    {
        using var policy = Taught(i => (i * 7) + 3);
        var before = Tiny.Weights(policy);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(60, batch: 20, rate: 1e-2)) with { Lora = Tiny.Lora }, policy, Tiny.EvenDigits()));
        var losses = new List<double>();
        while (!loop.Finished) losses.Add(loop.RunStep(default).Loss);
        Assert.True(losses[^1] < 0.6 * losses[0], string.Join(", ", losses));
        Tiny.AreEqual(before, Tiny.Weights(policy));
        Assert.Equal(policy.Adapter!.Parameters.SelectMany(parameter => new[] { "exp_avg." + parameter.Name, "exp_avg_sq." + parameter.Name }).Order(StringComparer.Ordinal), loop.OptimizerState().Keys.Order(StringComparer.Ordinal));
        policy.MergeAdapter();
        Assert.True(Tiny.LargestDifference(before, Tiny.Weights(policy)) > 1e-2);
    }

    [Fact]
    public void ReinforcementRaisesTheRewardOfAnAdapter()
    {
        using var policy = Taught(i => (i * 7) + 3, i => i / 20);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(25, batch: 20, rate: 1e-2), Tiny.Grpo()) with { Lora = Tiny.Lora }, policy, Tiny.EvenDigits()));
        var rewards = new List<double>();
        while (!loop.Finished) rewards.Add(loop.RunStep(default).Reward!.Value);
        Assert.True(rewards[^1] > rewards[0] + 0.15, string.Join(", ", rewards));
    }

    /// <summary>Without a second copy of the weights: nothing is loaded.</summary>
    [Fact]
    public void ThePolicyWithoutItsAdapterIsTheSameReferenceAsTheLoadedInput()
    {
        using (var model = Tiny.HalfTaught()) model.Save(_directory);
        var loads = 0;
        (Dictionary<string, float[]>, List<double?>) Run(bool inPolicy)
        {
            using var policy = CausalLM.Load(_directory);
            var training = Tiny.Rft(Tiny.Optimization(4), Tiny.Grpo(miniBatches: 2) with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.1 }) with { Lora = Tiny.Lora };
            using var loop = StageLoops.Create(Tiny.Context(training, policy, Tiny.EvenDigits(), () =>
            {
                loads++;
                return CausalLM.Load(_directory);
            }) with { ReferenceIsInput = inPolicy });
            var kl = new List<double?>();
            while (!loop.Finished) kl.Add(loop.RunStep(default).Kl);
            policy.MergeAdapter();
            return (Tiny.Weights(policy), kl);
        }

        var (expected, expectedKl) = Run(inPolicy: false);
        Assert.Equal(1, loads);
        var (found, foundKl) = Run(inPolicy: true);
        Assert.Equal(1, loads);
        Tiny.AreEqual(expected, found);
        Assert.Equal(expectedKl, foundKl);
        Assert.True(foundKl[^1] > 0);
    }

    /// <summary>A model that tells letters and digits apart: an adapter cannot move embeddings that were never trained.</summary>
    private static CausalLM Taught(params Func<int, int>[] answers)
    {
        var model = Tiny.Model();
        foreach (var answer in answers)
        {
            var samples = Enumerable.Range(0, 200).Select(i => Tiny.Sample($"s{i}", $"{(char)('a' + (i % 20))}=", (answer(i) % 10).ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();
            using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(answers.Length > 1 && answer == answers[^1] ? 15 : 60, batch: 40, rate: 1e-2)), model, Tiny.Task(samples)));
            while (!loop.Finished) loop.RunStep(default);
        }

        return model;
    }

    [Theory]
    [InlineData("nothing_proj", "lora.targets: target 'nothing_proj' is no linear layer")]
    public void ATargetThatTheModelLacksEndsTheStage(string target, string message)
    {
        using var policy = Tiny.Model();
        var error = Assert.Throws<StageFailureException>(() => StageLoops.Create(Tiny.Context(
            Tiny.Sft(Tiny.Optimization(2)) with { Lora = Tiny.Lora with { Targets = [target] } }, policy, Tiny.EvenDigits())));
        Assert.Equal((ExitCodes.BadSpec, "InvalidParameter"), (error.ExitCode, error.Reason));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FrozenWeightsStandStillToTheBit()
    {
        using var policy = Tiny.VisionModel();
        var before = Tiny.Weights(policy);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(3)) with { Freeze = ["visual.*", "*.norm.weight"] }, policy, Tiny.Shapes()));
        while (!loop.Finished) loop.RunStep(default);
        var after = Tiny.Weights(policy);
        foreach (var (name, values) in before)
        {
            Assert.True(values.AsSpan().SequenceEqual(after[name]) == (name.StartsWith("visual.", StringComparison.Ordinal) || name == "model.norm.weight"), name);
        }
    }

    [Fact]
    public void APatternThatMatchesNothingEndsTheStage()
    {
        using var policy = Tiny.Model();
        var error = Assert.Throws<StageFailureException>(() => StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(2)) with { Freeze = ["visual.*"] }, policy, Tiny.EvenDigits())));
        Assert.Equal((ExitCodes.BadSpec, "InvalidParameter"), (error.ExitCode, error.Reason));
        Assert.Contains("freeze: 'visual.*' matches no weight of this qwen2", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, TrainingSpec> Frugal() => new()
    {
        { "text", Tiny.Sft(Tiny.Optimization(3) with { MicroBatchSize = 3 }) },
        { "text", Tiny.Sft(Tiny.Optimization(3) with { Precision = Precision.BFloat16 }) },
        { "text", Tiny.Sft(Tiny.Optimization(3) with { Precision = Precision.BFloat16Master }) },
        { "text", Tiny.Sft(Tiny.Optimization(3) with { PackSequences = true }) },
        { "text", Tiny.Rft(Tiny.Optimization(3), Tiny.Grpo(miniBatches: 2) with { KlReference = KlReference.PreviousStage, KlCoefficient = 0.1 }) },
        { "text", Tiny.Sft(Tiny.Optimization(3)) with { Lora = Tiny.Lora with { Dropout = 0.3 } } },
        { "text", Tiny.Rft(Tiny.Optimization(3), Tiny.Grpo(miniBatches: 2)) with { Lora = Tiny.Lora } },
        { "pictures", Tiny.Sft(Tiny.Optimization(3)) },
        { "pictures", Tiny.Rft(Tiny.Optimization(3), Tiny.Grpo()) with { Lora = Tiny.Lora with { VisionTower = true } } },
    };

    /// <summary>So neither is part of a stage's hash.</summary>
    [Theory]
    [MemberData(nameof(Frugal))]
    public void CheckpointingAndOffloadingChangeNoBit(string kind, TrainingSpec training)
    {
        using (var model = kind == "text" ? Tiny.HalfTaught() : Tiny.HalfTaughtPictures()) model.Save(_directory);
        Dictionary<string, float[]> Run(MemorySpec memory)
        {
            using var policy = CausalLM.Load(_directory, Precision.HalvesWeights(training.Optimization.Precision) ? ScalarType.BFloat16 : ScalarType.Float32);
            using var loop = StageLoops.Create(Tiny.Context(training, policy, kind == "text" ? Tiny.EvenDigits() : Tiny.Shapes(), () => CausalLM.Load(_directory)) with { Memory = memory });
            while (!loop.Finished) loop.RunStep(default);
            if (policy.Adapter is not null) policy.MergeAdapter();
            return Tiny.Weights(policy);
        }

        var expected = Run(new MemorySpec());
        Tiny.AreEqual(expected, Run(new MemorySpec { GradientCheckpointing = true }));
        Tiny.AreEqual(expected, Run(new MemorySpec { OffloadOptimizer = true }));
        Tiny.AreEqual(expected, Run(new MemorySpec { GradientCheckpointing = true, OffloadOptimizer = true }));
    }
}
