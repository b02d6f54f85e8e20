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
}
