using Cpt.Models;

namespace Cpt.Training;

/// <summary>Architectures small enough to be trained from nothing on a laptop.</summary>
public static class PretrainingPresets
{
    public const string Digits = "digits";

    public const string Vision = "vision";

    public static IReadOnlyList<string> Names { get; } = [Digits, Vision];

    /// <summary>
    /// <c>digits</c>: a Qwen2 decoder of 0.59 M parameters over the byte tokenizer (3 layers, width 128, 4 heads of which 2 have keys and values),
    /// 2.3 MB as float32. <c>vision</c>: a Qwen2.5-VL of 1.4 M (4 such layers; an image tower of 3 blocks of width 96), 2.7 MB as bfloat16.
    /// </summary>
    public static ModelConfig? Find(string name) => name switch
    {
        Digits => Text(layers: 3),
        Vision => Text(layers: 4) with
        {
            ModelType = "qwen2_5_vl",
            VocabSize = ByteTokenizer.VocabSizeWithImages,
            InitializerRange = 0.05, // 0.02 is for widths of thousands: the tower would take long to be heard at all.
            RopeSections = [4, 6, 6],
            ImageTokenId = ByteTokenizer.ImageId,
            VideoTokenId = ByteTokenizer.VideoId,
            VisionStartTokenId = ByteTokenizer.VisionStartId,
            VisionEndTokenId = ByteTokenizer.VisionEndId,
            Vision = new VisionConfig { Depth = 3, HiddenSize = 96, IntermediateSize = 256, NumHeads = 4, OutHiddenSize = 128, FullAttentionBlocks = [2] },
        },
        _ => null,
    };

    /// <summary>Tokenizer, and how pictures are read: small ones are not made larger.</summary>
    public static CompanionFiles Companions(ModelConfig config) => config.Vision is { } vision
        ? ByteTokenizer.FilesWithImages(new ImageProcessorSettings { MinimumPixels = 28 * 28, MaximumPixels = 224 * 224 }, vision)
        : ByteTokenizer.Files();

    private static ModelConfig Text(int layers) => new()
    {
        VocabSize = ByteTokenizer.VocabSize,
        HiddenSize = 128,
        IntermediateSize = 352,
        NumHiddenLayers = layers,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 32,
        MaxPositionEmbeddings = 512,
        TieWordEmbeddings = true,
        EosTokenIds = [ByteTokenizer.EndOfTextId],
        PadTokenId = ByteTokenizer.EndOfTextId,
    };
}
