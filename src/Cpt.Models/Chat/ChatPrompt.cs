namespace Cpt.Models;

/// <summary>A conversation as tokens.</summary>
/// <param name="Ids">Token ids.</param>
/// <param name="ImageColumns">Where each image's first token stands, in order.</param>
public sealed record ChatPrompt(int[] Ids, IReadOnlyList<int> ImageColumns);
