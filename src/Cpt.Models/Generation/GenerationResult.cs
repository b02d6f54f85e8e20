namespace Cpt.Models;

/// <param name="Rows">One for each prompt, in their order.</param>
public sealed record GenerationResult(IReadOnlyList<GeneratedRow> Rows)
{
    /// <summary>Tokens of all responses.</summary>
    public long TokenCount => Rows.Sum(row => (long)row.Tokens.Length);
}

/// <param name="Tokens">The response, with the stop token where one was hit.</param>
/// <param name="LogProbs">
/// Of each token, its log-probability under the model itself: temperature 1, no top-k, no top-p.
/// </param>
/// <param name="Finished">A stop token was hit; false: the response was cut at its length.</param>
public sealed record GeneratedRow(int[] Tokens, float[] LogProbs, bool Finished);
