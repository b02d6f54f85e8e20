namespace Cpt.Models.Tests;

/// <summary>Models small enough to run in a moment.</summary>
internal static class Small
{
    public static ModelConfig Config { get; } = new()
    {
        VocabSize = 61, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 8,
        MaxPositionEmbeddings = 64, InitializerRange = 0.3,
    };

    public static CausalLM Model(ulong seed = 1) => CausalLM.Create(Config, seed);
}
