using Cpt.Models;

namespace Cpt.Training;

/// <summary>A prompt with a response whose tokens are learned; prompt tokens never are.</summary>
/// <param name="Prompt">At least one token.</param>
/// <param name="Response">At least one token, the end token included when the response was finished.</param>
internal sealed record TrainingSequence(int[] Prompt, int[] Response)
{
    /// <summary>Of the prompt, by column.</summary>
    public IReadOnlyList<PromptImage> Images { get; init; } = [];

    /// <summary>Of an earlier stage's task.</summary>
    public bool Replayed { get; init; }

    public static TrainingSequence Of(ModelPrompt prompt, int[] response) => new(prompt.Tokens, response) { Images = prompt.Images };

    /// <summary>Tokens fed to the model: the last response token is only ever a target.</summary>
    public int InputLength => Prompt.Length + Response.Length - 1;
}
