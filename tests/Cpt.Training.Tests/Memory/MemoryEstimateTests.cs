using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>The estimates of <c>cpt model plan</c>, held to the peaks of real steps: libtorch's own count of bytes in tensors.</summary>
[Collection(nameof(AloneInTheProcess))]
public sealed class MemoryEstimateTests
{
    /// <summary>What docs/models.md promises.</summary>
    private const double Tolerance = 0.15;

    // Wide enough that tensors, not handles, make the peak; layers that differ in every size.
    private static readonly ModelConfig s_model = Tiny.Config with
    {
        VocabSize = 2048, HiddenSize = 192, IntermediateSize = 512, NumHiddenLayers = 4, NumAttentionHeads = 6, NumKeyValueHeads = 2, HeadDim = 32, MaxPositionEmbeddings = 512, TieWordEmbeddings = false,
    };

    public static TheoryData<string, MemoryQuestion> Trainings()
    {
        var plain = new MemoryQuestion { Model = s_model, Method = StageMethod.SFT, MicroBatch = 8, Context = 128, ResponseTokens = 64, Gpu = false };
        var lora = new LoraOptions { Rank = 8, Alpha = 16 };
        return new()
        {
            { "SFT", plain },
            { "SFT of few tokens, where state is most", plain with { MicroBatch = 1, Context = 16, ResponseTokens = 4 } },
            { "SFT of a large batch", plain with { MicroBatch = 32 } },
            { "SFT with checkpointing", plain with { Checkpointing = true } },
            { "SFT of a large batch with checkpointing", plain with { MicroBatch = 32, Checkpointing = true } },
            { "LoRA", plain with { Lora = lora } },
            { "LoRA with checkpointing", plain with { Lora = lora, MicroBatch = 32, Checkpointing = true } },
            { "LoRA of two targets", plain with { Lora = lora with { Targets = ["q_proj", "v_proj"] }, MicroBatch = 16 } },
        };
    }

    [Theory]
    [MemberData(nameof(Trainings))]
    public void ATrainingStepTakesWhatIsSaid(string name, MemoryQuestion question)
    {
        HostMemory.ResetPeak();
        var before = HostMemory.Allocated();
        using var model = CausalLM.Create(question.Model, seed: 1);
        if (question.Lora is { } lora) model.Attach(LoraAdapter.Create(model, lora, seed: 1));
        model.GradientCheckpointing = question.Checkpointing;
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1), offload: question.Offload);
        var prompt = new int[question.Context - question.ResponseTokens + 1];
        var sequences = Enumerable.Range(0, question.MicroBatch).Select(_ => new TrainingSequence(prompt, new int[question.ResponseTokens])).ToArray();
        for (var step = 1; step <= 2; step++)
        {
            TeachingPass.Run(new ResponseLogProbs(model, bfloat16: false), sequences, question.MicroBatch, 0, torch.CPU, optimizer);
            optimizer.Update(1e-3, step);
        }

        var measured = HostMemory.PeakAllocated() - before;
        var estimate = MemoryEstimate.Of(question);
        TestContext.Current.TestOutputHelper?.WriteLine($"{name}: measured {measured:N0}, estimated {estimate.Training:N0} ({(double)estimate.Training / measured:0.00}): {estimate}");
        Assert.InRange((double)estimate.Training / measured, 1 - Tolerance, 1 + Tolerance);
    }

    [Fact]
    public void CheckpointingLowersTheMeasuredPeak()
    {
        long Peak(bool checkpointing)
        {
            using var model = CausalLM.Create(s_model, seed: 1);
            model.GradientCheckpointing = checkpointing;
            HostMemory.ResetPeak();
            var before = HostMemory.Allocated();
            using var scope = torch.NewDisposeScope();
            model.hidden(torch.zeros([16, 128], ScalarType.Int64)).sum().backward();
            return HostMemory.PeakAllocated() - before;
        }

        var (kept, again) = (Peak(checkpointing: false), Peak(checkpointing: true));
        TestContext.Current.TestOutputHelper?.WriteLine($"kept {kept:N0}, computed again {again:N0}");
        Assert.True(again < 0.5 * kept, $"{kept:N0} to {again:N0}");
    }

    [Fact]
    public void RolloutsTakeWhatIsSaid()
    {
        var question = new MemoryQuestion { Model = s_model, Method = StageMethod.RFT, MicroBatch = 8, Context = 128, ResponseTokens = 64, Rollouts = 64, Gpu = false };
        var before = HostMemory.Allocated();
        using var model = CausalLM.Create(s_model, seed: 1);
        HostMemory.ResetPeak();
        new TextGenerator(model).Generate(new GenerationRequest { Prompts = [.. Enumerable.Range(0, 64).Select(_ => new int[64])], MaxNewTokens = 64 });
        var measured = HostMemory.PeakAllocated() - before;
        var estimate = MemoryEstimate.Of(question);
        var found = estimate.Sampling - estimate.OptimizerState;
        TestContext.Current.TestOutputHelper?.WriteLine($"measured {measured:N0}, estimated {found:N0} ({(double)found / measured:0.00}): {estimate}");
        Assert.InRange((double)found / measured, 1 - Tolerance, 1 + Tolerance);
    }

    [Fact]
    public void APromptThatRolloutsShareIsNotHeldTwiceForThem()
    {
        const int rows = 64, prompt = 256;
        long Peak(int width)
        {
            using var model = CausalLM.Create(s_model, seed: 1);
            HostMemory.ResetPeak();
            var before = HostMemory.Allocated();
            new TextGenerator(model).Generate(new GenerationRequest { Prompts = [.. Enumerable.Range(0, width).Select(_ => new int[prompt])], MaxNewTokens = 2 });
            return HostMemory.PeakAllocated() - before;
        }

        var cache = (rows - 1) * (prompt + 1L) * s_model.NumHiddenLayers * 2 * s_model.KeyValueSize * sizeof(float);
        var grew = Peak(rows) - Peak(1);
        Assert.InRange((double)grew / cache, 0.9, 1.5);
    }

    private static ModelConfig Qwen(int hidden, int layers, int heads, int groups, int intermediate, int vocabulary, bool tied) => Tiny.Config with
    {
        VocabSize = vocabulary, HiddenSize = hidden, IntermediateSize = intermediate, NumHiddenLayers = layers, NumAttentionHeads = heads, NumKeyValueHeads = groups, HeadDim = hidden / heads, TieWordEmbeddings = tied,
    };

    /// <summary>The peaks of training on one H200 that docs/benchmarks.md has.</summary>
    [Theory]
    [InlineData("0.5b", Precision.BFloat16Pure, 16, 33.3)]
    [InlineData("0.5b", Precision.BFloat16, 16, 38.4)]
    [InlineData("7b", Precision.BFloat16Pure, 4, 59.0)]
    public void TheEstimatesAreNearWhatAGpuTook(string shape, string precision, int batch, double gibibytes)
    {
        var model = shape == "7b" ? Qwen(3584, 28, 28, 4, 18944, 152064, tied: false) : Qwen(896, 24, 14, 2, 4864, 151936, tied: true);
        var estimate = MemoryEstimate.Of(new MemoryQuestion { Model = model, Method = StageMethod.SFT, Precision = precision, MicroBatch = batch, Context = 512, ResponseTokens = 512 });
        Assert.InRange(estimate.Training / gibibytes / (1L << 30), 0.95, 1.05);
    }

    [Fact]
    public void StateIsSharedByWorkersAndMovedToTheHost()
    {
        var question = new MemoryQuestion { Model = s_model, Method = StageMethod.SFT, MicroBatch = 1, Context = 64, ResponseTokens = 8 };
        var (alone, four, offloaded) = (MemoryEstimate.Of(question), MemoryEstimate.Of(question with { Workers = 4 }), MemoryEstimate.Of(question with { Offload = true }));
        Assert.Equal(8 * s_model.ParameterCount, alone.OptimizerState);
        Assert.Equal(alone.OptimizerState / 4, four.OptimizerState);
        Assert.Equal((0, alone.OptimizerState), (offloaded.OptimizerState, offloaded.HostState));
    }

    [Theory]
    [InlineData(Precision.Float32, 16)]
    [InlineData(Precision.BFloat16, 16)]
    [InlineData(Precision.BFloat16Master, 16)]
    [InlineData(Precision.BFloat16Pure, 8)]
    public void AWeightTakesWhatItsPrecisionSays(string precision, int bytes)
    {
        var estimate = MemoryEstimate.Of(new MemoryQuestion { Model = s_model, Method = StageMethod.SFT, Precision = precision, MicroBatch = 1, Context = 64, ResponseTokens = 8 });
        Assert.Equal(bytes * s_model.ParameterCount, estimate.Weights + estimate.Gradients + estimate.OptimizerState);
    }
}
