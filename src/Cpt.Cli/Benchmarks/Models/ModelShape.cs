using Cpt.Models;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>A model's shape and the work that both sides do with it.</summary>
internal sealed record ModelShape
{
    /// <summary>What a CPU does in seconds.</summary>
    public static readonly ModelShape Small = new()
    {
        Name = "small", Batch = 16, Tokens = 64, Rows = 32, PromptTokens = 32, NewTokens = 32,
        Model = Qwen(hidden: 256, layers: 6, heads: 8, groups: 2, intermediate: 704, vocabulary: 2048, tied: true),
    };

    /// <summary>The same with eyes: every sequence begins with an image of 224 × 224 pixels, 64 tokens, and 14 letters; the other tokens are learned.</summary>
    public static readonly ModelShape SmallWithImages = Small with
    {
        Name = "vl-small", Batch = 8, Tokens = 112, PromptTokens = 80, ImagePatches = 16,
        Model = Small.Model with
        {
            ModelType = "qwen2_5_vl",
            RopeSections = [4, 6, 6],
            ImageTokenId = ByteTokenizer.ImageId,
            VideoTokenId = ByteTokenizer.VideoId,
            VisionStartTokenId = ByteTokenizer.VisionStartId,
            VisionEndTokenId = ByteTokenizer.VisionEndId,
            Vision = new VisionConfig { Depth = 4, HiddenSize = 128, IntermediateSize = 344, NumHeads = 4, OutHiddenSize = 256, FullAttentionBlocks = [3] },
        },
    };

    /// <summary>Qwen2.5-0.5B's.</summary>
    public static readonly ModelShape Half = new()
    {
        Name = "0.5b", Batch = 16, Tokens = 512, Rows = 64, PromptTokens = 256, NewTokens = 128,
        Model = Qwen(hidden: 896, layers: 24, heads: 14, groups: 2, intermediate: 4864, vocabulary: 151936, tied: true),
    };

    /// <summary>Qwen2.5-7B's.</summary>
    public static readonly ModelShape Seven = new()
    {
        Name = "7b", Batch = 4, Tokens = 512, Rows = 64, PromptTokens = 256, NewTokens = 64,
        Model = Qwen(hidden: 3584, layers: 28, heads: 28, groups: 4, intermediate: 18944, vocabulary: 152064, tied: false),
    };

    public static IReadOnlyList<ModelShape> All { get; } = [Small, SmallWithImages, Half, Seven];

    public required string Name { get; init; }

    public required ModelConfig Model { get; init; }

    /// <summary>Sequences of a forward pass or a training step.</summary>
    public required int Batch { get; init; }

    /// <summary>Tokens of such a sequence; in training each predicts the next.</summary>
    public required int Tokens { get; init; }

    /// <summary>Rows that are decoded side by side.</summary>
    public required int Rows { get; init; }

    public required int PromptTokens { get; init; }

    public required int NewTokens { get; init; }

    /// <summary>Patches on a side of the image that every row begins with, a whole number of windows; 0: text alone.</summary>
    public int ImagePatches { get; init; }

    /// <summary>Tokens of a training sequence whose loss is taken: all behind the first, or with images all behind the prompt.</summary>
    public int LearnedTokens => ImagePatches == 0 ? Tokens : Tokens - PromptTokens + 1;

    /// <summary>Tokens of the image.</summary>
    public int ImageTokens => ImagePatches * ImagePatches / (Model.Vision?.MergeUnit ?? 1);

    private static ModelConfig Qwen(int hidden, int layers, int heads, int groups, int intermediate, int vocabulary, bool tied) => new()
    {
        VocabSize = vocabulary,
        HiddenSize = hidden,
        IntermediateSize = intermediate,
        NumHiddenLayers = layers,
        NumAttentionHeads = heads,
        NumKeyValueHeads = groups,
        HeadDim = hidden / heads,
        MaxPositionEmbeddings = 4096,
        RopeTheta = 1_000_000,
        TieWordEmbeddings = tied,
        EosTokenIds = [ByteTokenizer.EndOfTextId],
        PadTokenId = ByteTokenizer.EndOfTextId,
    };
}
