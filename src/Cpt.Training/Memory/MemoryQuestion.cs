using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Training;

/// <summary>What <see cref="MemoryEstimate"/> is asked: a model and a way to train it.</summary>
public sealed record MemoryQuestion
{
    public required ModelConfig Model { get; init; }

    public required StageMethod Method { get; init; }

    /// <summary>One of <see cref="Contract.Precision"/>.</summary>
    public string Precision { get; init; } = Contract.Precision.Float32;

    /// <summary>Null: the weights are trained.</summary>
    public LoraOptions? Lora { get; init; }

    /// <summary>Sequences of one forward pass in training.</summary>
    public required int MicroBatch { get; init; }

    /// <summary>Forward passes whose gradients are added up in one step.</summary>
    public int Passes { get; init; } = 1;

    /// <summary>Tokens of a sequence, prompt and answer.</summary>
    public required int Context { get; init; }

    /// <summary>Those of them that are learned: answers. Only they reach the output head.</summary>
    public required int ResponseTokens { get; init; }

    /// <summary>Images in a sequence.</summary>
    public int Images { get; init; }

    /// <summary>Image tokens of each.</summary>
    public int ImageTokens { get; init; } = 256;

    /// <summary>RFT: rollouts that are sampled side by side.</summary>
    public int Rollouts { get; init; }

    /// <summary>RFT: a second model is held for the KL term. A LoRA whose reference is the stage's input needs none.</summary>
    public bool Reference { get; init; }

    public bool Checkpointing { get; init; }

    public bool Offload { get; init; }

    /// <summary>Workers that share the optimizer's state (ZeRO-1).</summary>
    public int Workers { get; init; } = 1;

    /// <summary>Computed by libtorch's kernels on a GPU, instead of by ours on the CPU.</summary>
    public bool Gpu { get; init; } = true;
}
