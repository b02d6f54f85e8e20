namespace Cpt.Models;

/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">What was said.</param>
public sealed record ChatMessage(string Role, string Content)
{
    /// <summary>Stands in <see cref="Content"/> where an image is shown.</summary>
    public const string ImageMark = "<image>";

    /// <summary>Tokens of each image, one for every <see cref="ImageMark"/> of the content in order. Empty: the mark is text like any other.</summary>
    public IReadOnlyList<int> ImageTokens { get; init; } = [];
}
