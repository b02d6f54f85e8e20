using Cpt.Models;

namespace Cpt.Training;

/// <summary>Architectures small enough to be trained from nothing on a laptop.</summary>
public static class PretrainingPresets
{
    public const string Digits = "digits";

    public static IReadOnlyList<string> Names { get; } = [Digits];

    /// <summary>
    /// <c>digits</c>: a Qwen2 decoder of 0.59 M parameters over the byte tokenizer (3 layers, width 128, 4 heads of which 2 have keys and values),
    /// 2.3 MB as float32.
    /// </summary>
    public static ModelConfig? Find(string name) => name != Digits ? null : new ModelConfig
    {
        VocabSize = ByteTokenizer.VocabSize,
        HiddenSize = 128,
        IntermediateSize = 352,
        NumHiddenLayers = 3,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 32,
        MaxPositionEmbeddings = 512,
        TieWordEmbeddings = true,
        EosTokenIds = [ByteTokenizer.EndOfTextId],
        PadTokenId = ByteTokenizer.EndOfTextId,
    };
}
