using Cpt.Models;

namespace Cpt.Training;

/// <summary>What the model is given.</summary>
/// <param name="Tokens">Prompt tokens, image tokens among them.</param>
/// <param name="Images">By column; empty where there are none.</param>
public sealed record ModelPrompt(int[] Tokens, IReadOnlyList<PromptImage> Images)
{
    public int Length => Tokens.Length;

    /// <summary>Images of several prompts as a generation takes them; null where no prompt has any.</summary>
    internal static IReadOnlyList<PromptImage>[]? ImagesOf(IReadOnlyList<ModelPrompt> prompts) =>
        prompts.Any(prompt => prompt.Images.Count > 0) ? [.. prompts.Select(prompt => prompt.Images)] : null;
}
