using Cpt.Models;

namespace Cpt.Trainer.Tests;

/// <summary>Random Qwen2 models of a few thousand weights with a byte tokenizer.</summary>
internal static class TinyModels
{
    public const int Context = 48;

    public static void Create(string directory, ulong seed = 1)
    {
        using var model = CausalLM.Create(
            new ModelConfig
            {
                VocabSize = 264,
                HiddenSize = 16,
                IntermediateSize = 32,
                NumHiddenLayers = 2,
                NumAttentionHeads = 2,
                NumKeyValueHeads = 1,
                HeadDim = 8,
                MaxPositionEmbeddings = Context,
                TieWordEmbeddings = true,
                InitializerRange = 0.2,
                EosTokenIds = [ByteTokenizer.EndOfTextId],
                PadTokenId = ByteTokenizer.EndOfTextId,
            },
            seed);
        model.Companions = ByteTokenizer.Files();
        model.Save(directory);
    }

    /// <summary>A random Qwen2.5-VL of as many.</summary>
    public static void CreateWithImages(string directory)
    {
        var vision = new VisionConfig { Depth = 2, HiddenSize = 16, IntermediateSize = 24, NumHeads = 2, OutHiddenSize = 16, FullAttentionBlocks = [1] };
        using var model = CausalLM.Create(
            new ModelConfig
            {
                ModelType = "qwen2_5_vl",
                VocabSize = 264,
                HiddenSize = 16,
                IntermediateSize = 32,
                NumHiddenLayers = 2,
                NumAttentionHeads = 2,
                NumKeyValueHeads = 1,
                HeadDim = 8,
                MaxPositionEmbeddings = 64,
                TieWordEmbeddings = true,
                InitializerRange = 0.2,
                EosTokenIds = [ByteTokenizer.EndOfTextId],
                PadTokenId = ByteTokenizer.EndOfTextId,
                RopeSections = [1, 1, 2],
                ImageTokenId = ByteTokenizer.ImageId,
                VideoTokenId = ByteTokenizer.VideoId,
                VisionStartTokenId = ByteTokenizer.VisionStartId,
                VisionEndTokenId = ByteTokenizer.VisionEndId,
                Vision = vision,
            },
            seed: 3);
        model.Companions = ByteTokenizer.FilesWithImages(new ImageProcessorSettings { MinimumPixels = 28 * 28 }, vision);
        model.Save(directory);
    }
}
