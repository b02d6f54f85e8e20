using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// Sequences of one forward pass, padded on the right to the longest of them. A causal model needs no attention mask for that: what a pad token
/// computes, no real token sees. Only hidden states that predict a response token are taken to the language-model head.
/// </summary>
internal sealed class TokenBatch : IDisposable
{
    private TokenBatch(Tensor inputIds, Tensor positions, Tensor targets, int responseTokens, int inputTokens)
    {
        InputIds = inputIds;
        Positions = positions;
        Targets = targets;
        ResponseTokens = responseTokens;
        InputTokens = inputTokens;
    }

    /// <summary>[rows, width] int64.</summary>
    public Tensor InputIds { get; }

    /// <summary>[N] int64: places in the flattened [rows · width] hidden states that predict the response tokens, row by row.</summary>
    public Tensor Positions { get; }

    /// <summary>[N] int64: the response tokens, in the same order.</summary>
    public Tensor Targets { get; }

    /// <summary>Images of each row. Their pixels are read at the forward pass: those of all passes of an update would not fit in memory.</summary>
    public IReadOnlyList<IReadOnlyList<PromptImage>> Images { get; private init; } = [];

    /// <summary>Lengths of the sequences where they stand one after the other in one row; null where each is a row.</summary>
    public IReadOnlyList<int>? Lengths { get; private init; }

    /// <summary>N.</summary>
    public int ResponseTokens { get; }

    /// <summary>Tokens fed, padding not counted.</summary>
    public int InputTokens { get; }

    /// <summary>Without padding: [1, all tokens].</summary>
    public static TokenBatch Packed(IReadOnlyList<TrainingSequence> sequences, Device device)
    {
        var ids = new List<long>();
        var positions = new List<long>();
        var targets = new List<long>();
        foreach (var (prompt, response) in sequences)
        {
            var start = ids.Count;
            foreach (var token in prompt) ids.Add(token);
            for (var i = 0; i < response.Length - 1; i++) ids.Add(response[i]);
            for (var i = 0; i < response.Length; i++)
            {
                positions.Add(start + prompt.Length - 1 + i);
                targets.Add(response[i]);
            }
        }

        return new TokenBatch(
            torch.tensor<long>(ids.ToArray(), [1, ids.Count]).upload(device),
            torch.tensor<long>(positions.ToArray(), [positions.Count]).upload(device),
            torch.tensor<long>(targets.ToArray(), [targets.Count]).upload(device),
            targets.Count,
            ids.Count)
        {
            Lengths = [.. sequences.Select(sequence => sequence.InputLength)],
            Images = ImagesOf(sequences),
        };
    }

    public static TokenBatch Of(IReadOnlyList<TrainingSequence> sequences, int padToken, Device device)
    {
        var width = 0;
        var responseTokens = 0;
        var inputTokens = 0;
        foreach (var sequence in sequences)
        {
            width = Math.Max(width, sequence.InputLength);
            responseTokens += sequence.Response.Length;
            inputTokens += sequence.InputLength;
        }

        var ids = new long[sequences.Count * width];
        Array.Fill(ids, padToken);
        var positions = new long[responseTokens];
        var targets = new long[responseTokens];
        var n = 0;
        for (var row = 0; row < sequences.Count; row++)
        {
            var (prompt, response) = (sequences[row].Prompt, sequences[row].Response);
            var start = row * width;
            for (var i = 0; i < prompt.Length; i++) ids[start + i] = prompt[i];
            for (var i = 0; i < response.Length - 1; i++) ids[start + prompt.Length + i] = response[i];
            for (var i = 0; i < response.Length; i++)
            {
                positions[n] = start + prompt.Length - 1 + i;
                targets[n++] = response[i];
            }
        }

        return new TokenBatch(
            torch.tensor<long>(ids, [sequences.Count, width]).upload(device),
            torch.tensor<long>(positions, [responseTokens]).upload(device),
            torch.tensor<long>(targets, [responseTokens]).upload(device),
            responseTokens,
            inputTokens)
        {
            Images = ImagesOf(sequences),
        };
    }

    private static IReadOnlyList<IReadOnlyList<PromptImage>> ImagesOf(IReadOnlyList<TrainingSequence> sequences) =>
        sequences.Any(sequence => sequence.Images.Count > 0) ? [.. sequences.Select(sequence => sequence.Images)] : [];

    public void Dispose()
    {
        InputIds.Dispose();
        Positions.Dispose();
        Targets.Dispose();
    }
}
