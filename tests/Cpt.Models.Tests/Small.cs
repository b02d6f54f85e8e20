namespace Cpt.Models.Tests;

/// <summary>Models small enough to run in a moment.</summary>
internal static class Small
{
    public static ModelConfig Config { get; } = new()
    {
        VocabSize = 61, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 2, NumAttentionHeads = 4, NumKeyValueHeads = 2, HeadDim = 8,
        MaxPositionEmbeddings = 64, InitializerRange = 0.3,
    };

    /// <summary>With an image tower: windows of 2 × 2 image tokens, the second block sees whole images.</summary>
    public static ModelConfig VisionConfig { get; } = Config with
    {
        ModelType = "qwen2_5_vl", MaxPositionEmbeddings = 256, RopeSections = [1, 1, 2], ImageTokenId = 60, VideoTokenId = 59, VisionStartTokenId = 57, VisionEndTokenId = 58,
        Vision = new VisionConfig
        {
            Depth = 2, HiddenSize = 32, IntermediateSize = 48, NumHeads = 4, OutHiddenSize = 32, PatchSize = 4, WindowSize = 16, FullAttentionBlocks = [1],
        },
    };

    public static CausalLM VisionModel(ulong seed = 1) => CausalLM.Create(VisionConfig, seed);

    /// <summary>Patches of noise.</summary>
    public static ImageSource Noise(int rows, int columns, int seed)
    {
        var random = new Random(seed);
        var values = new float[rows * columns * VisionConfig.Vision!.PatchElements];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (float)(random.NextDouble() - 0.5);
        }

        return ImageSource.Of(new ImagePatches(values, new ImageGrid(1, rows, columns)));
    }

    public static CausalLM Model(ulong seed = 1) => CausalLM.Create(Config, seed);
}
