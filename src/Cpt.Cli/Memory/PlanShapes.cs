using Cpt.Models;

namespace Cpt.Cli.Memory;

/// <summary>Published shapes, for planning before anything is downloaded.</summary>
internal static class PlanShapes
{
    public static IReadOnlyDictionary<string, ModelConfig> All { get; } = new OrderedDictionary<string, ModelConfig>(StringComparer.Ordinal)
    {
        ["qwen2.5-0.5b"] = Qwen(896, 24, 14, 2, 4864, 151936, tied: true),
        ["qwen2.5-1.5b"] = Qwen(1536, 28, 12, 2, 8960, 151936, tied: true),
        ["qwen2.5-3b"] = Qwen(2048, 36, 16, 2, 11008, 151936, tied: true),
        ["qwen2.5-7b"] = Qwen(3584, 28, 28, 4, 18944, 152064, tied: false),
        ["qwen2.5-14b"] = Qwen(5120, 48, 40, 8, 13824, 152064, tied: false),
        ["qwen2.5-32b"] = Qwen(5120, 64, 40, 8, 27648, 152064, tied: false),
        ["qwen2.5-72b"] = Qwen(8192, 80, 64, 8, 29568, 152064, tied: false),
        ["qwen2.5-vl-3b"] = WithTower(Qwen(2048, 36, 16, 2, 11008, 151936, tied: true)),
        ["qwen2.5-vl-7b"] = WithTower(Qwen(3584, 28, 28, 4, 18944, 152064, tied: false)),
    };

    private static ModelConfig Qwen(int hidden, int layers, int heads, int groups, int intermediate, int vocabulary, bool tied) => new()
    {
        VocabSize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        NumKeyValueHeads = groups,
        HeadDim = hidden / heads,
        MaxPositionEmbeddings = 32768,
        TieWordEmbeddings = tied,
    };

    private static ModelConfig WithTower(ModelConfig text) => text with
    {
        ModelType = "qwen2_5_vl",
        Vision = new VisionConfig { Depth = 32, HiddenSize = 1280, IntermediateSize = 3420, NumHeads = 16, OutHiddenSize = text.HiddenSize },
    };
}
