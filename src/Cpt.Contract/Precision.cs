namespace Cpt.Contract;

/// <summary>Values of <see cref="OptimizationSpec.Precision"/>: what weights, products and the optimizer's state are kept in.</summary>
public static class Precision
{
    /// <summary>Everything in float32.</summary>
    public const string Float32 = "float32";

    /// <summary>Products in bfloat16 (autocast); weights, gradients and state in float32. 16 bytes a weight.</summary>
    public const string BFloat16 = "bfloat16";

    /// <summary>Weights and gradients in bfloat16, with float32 master weights and moments. 16 bytes a weight, and no conversion of weights in every pass.</summary>
    public const string BFloat16Master = "bfloat16-master";

    /// <summary>Weights, gradients and moments in bfloat16: 8 bytes a weight. Updates below 1/256 of a weight are lost, so small learning rates do nothing.</summary>
    public const string BFloat16Pure = "bfloat16-pure";

    public static IReadOnlyList<string> All { get; } = [Float32, BFloat16, BFloat16Master, BFloat16Pure];

    /// <summary>The names as a sentence lists them.</summary>
    public static string Choices => string.Join(", ", All.SkipLast(1)) + " or " + All[^1];

    /// <summary>Whether the weights themselves are bfloat16.</summary>
    public static bool HalvesWeights(string precision) => precision is BFloat16Master or BFloat16Pure;
}
