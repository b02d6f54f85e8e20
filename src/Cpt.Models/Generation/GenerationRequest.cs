namespace Cpt.Models;

/// <summary>What <see cref="TextGenerator"/> is asked for.</summary>
public sealed record GenerationRequest
{
    /// <summary>Token ids of each row's prompt, at least one. Equal prompts (rollouts of one group) that stand side by side are read by the model once.</summary>
    public required IReadOnlyList<int[]> Prompts { get; init; }

    /// <summary>Images of each row's prompt, by column; null where no prompt has any. Equal prompts share the very same objects.</summary>
    public IReadOnlyList<IReadOnlyList<PromptImage>>? Images { get; init; }

    /// <summary>Response tokens of a row, at most; prompt and response also end at the model's context.</summary>
    public required int MaxNewTokens { get; init; }

    /// <summary>0 is greedy.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>0 is off.</summary>
    public int TopK { get; init; }

    /// <summary>1 is off.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>A row ends with the first of these, which is part of the response.</summary>
    public IReadOnlyCollection<int> StopTokens { get; init; } = [];

    public ulong Seed { get; init; }

    /// <summary>
    /// What a row's random numbers hang on, beside the seed and the place in the response; null: 0, 1, 2, … Two rows of equal id and prompt
    /// get equal responses, whatever else is in the batch.
    /// </summary>
    public IReadOnlyList<long>? RowIds { get; init; }

    /// <summary>
    /// Threads that generate, each with a fixed share of the rows and one core. 1 generates on the calling thread, with the cores
    /// libtorch has there.
    /// </summary>
    public int Threads { get; init; } = 1;

    /// <summary>Rows a thread works on at a time; bounds memory.</summary>
    public int BatchSize { get; init; } = 256;
}
