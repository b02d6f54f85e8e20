using Cpt.Models;

namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>A model and the work that both sides do with it.</summary>
internal sealed record BenchSize
{
    public static readonly BenchSize Small = new()
    {
        Name = "small", HiddenSize = 128, Layers = 4, Heads = 4, KeyValueHeads = 2, IntermediateSize = 352, Vocabulary = 512, StepsPerRound = 8, RolloutsPerRound = 5,
    };

    public static readonly BenchSize Medium = new()
    {
        Name = "medium", HiddenSize = 256, Layers = 6, Heads = 8, KeyValueHeads = 2, IntermediateSize = 704, Vocabulary = 2048, StepsPerRound = 3, RolloutsPerRound = 2,
    };

    public required string Name { get; init; }

    public required int HiddenSize { get; init; }

    public required int Layers { get; init; }

    public required int Heads { get; init; }

    public required int KeyValueHeads { get; init; }

    public required int IntermediateSize { get; init; }

    public required int Vocabulary { get; init; }

    /// <summary>Sequences of a training step.</summary>
    public int Batch { get; init; } = 32;

    /// <summary>Tokens of a training sequence, each of which predicts the next.</summary>
    public int Tokens { get; init; } = 64;

    /// <summary>Rows of a rollout batch, each with a prompt of its own.</summary>
    public int Rows { get; init; } = 64;

    public int PromptTokens { get; init; } = 16;

    public int NewTokens { get; init; } = 16;

    /// <summary>Training steps one side does in its turn; the median of their times counts.</summary>
    public required int StepsPerRound { get; init; }

    /// <summary>Rollout batches one side samples in its turn; the median of their times counts.</summary>
    public required int RolloutsPerRound { get; init; }

    public ModelConfig Model => new()
    {
        VocabSize = Vocabulary,
        HiddenSize = HiddenSize,
        IntermediateSize = IntermediateSize,
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = HiddenSize / Heads,
        MaxPositionEmbeddings = 1024,
        EosTokenIds = [ByteTokenizer.EndOfTextId],
        PadTokenId = ByteTokenizer.EndOfTextId,
    };
}
