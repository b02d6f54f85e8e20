using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// From a sample to the tokens the model is given, and to the tokens supervised fine-tuning teaches. A prompt is made from the sample's messages
/// alone: its answer never enters.
/// </summary>
public sealed class PromptBuilder
{
    private const string ThinkFirst =
        "\nReason step by step inside <think> and </think> before you answer. After that, write your final answer inside \\boxed{}.";

    private readonly Tokenizer _tokenizer;
    private readonly PromptStyle _style;
    private readonly IPictures? _pictures;

    /// <param name="tokenizer">Of the model.</param>
    /// <param name="style">Whether thinking is asked for.</param>
    public PromptBuilder(Tokenizer tokenizer, PromptStyle style)
        : this(tokenizer, style, null)
    {
    }

    /// <param name="tokenizer">Of the model.</param>
    /// <param name="style">Whether thinking is asked for.</param>
    /// <param name="pictures">Of the task; null where it has none.</param>
    internal PromptBuilder(Tokenizer tokenizer, PromptStyle style, IPictures? pictures) => (_tokenizer, _style, _pictures) = (tokenizer, style, pictures);

    /// <summary>Of a task for a model, which must be able to read it.</summary>
    /// <exception cref="StageFailureException">The task has images and the model reads none.</exception>
    public static PromptBuilder Of(TaskData task, CausalLM model, Tokenizer tokenizer, PromptStyle style) => new(tokenizer, style, TaskPictures.Of(task, model));

    /// <summary>Prompt tokens, ready for the model to go on with its answer.</summary>
    /// <exception cref="StageFailureException"><c>BadImage</c>: an image cannot be read.</exception>
    public ModelPrompt Prompt(Sample sample)
    {
        var placed = ImageMarks.Placed(sample.Messages, sample.Images.Count);
        var images = _pictures is null ? [] : sample.Images.Select(image => _pictures.Source(sample, image)).ToArray();
        var messages = new ChatMessage[placed.Count];
        var shown = 0;
        for (var i = 0; i < messages.Length; i++)
        {
            var (role, content) = placed[i];
            var asksThinking = _style == PromptStyle.ChainOfThought && i == messages.Length - 1;
            var marks = images.Length == 0 ? 0 : ImageMarks.Count(content);
            messages[i] = new ChatMessage(role, asksThinking ? content + ThinkFirst : content)
            {
                ImageTokens = [.. images.Skip(shown).Take(marks).Select(image => image.Grid.Tokens(_pictures!.Config.Vision!))],
            };
            shown += marks;
        }

        var prompt = ChatTemplate.Encode(_tokenizer, messages, addGenerationPrompt: true, _pictures?.Config);
        return new ModelPrompt(prompt.Ids, [.. prompt.ImageColumns.Zip(images, (column, image) => new PromptImage(column, image))]);
    }

    /// <summary>The tokens of the sample's answer, closed by the end token. Encoded apart from the prompt, as the model will have to produce it.</summary>
    public int[] Target(Sample sample) => [.. _tokenizer.Encode(sample.Answer, allowSpecial: false), _tokenizer.EosTokenId];

    /// <summary>A response as text, without the token that ended it.</summary>
    public string Text(GeneratedRow row) => _tokenizer.Decode(row.Finished ? row.Tokens.AsSpan(..^1) : row.Tokens);

    /// <summary>Any of these ends a response: the tokenizer's own, and those that the model's config names.</summary>
    public int[] StopTokens(ModelConfig config) => [.. config.EosTokenIds.Append(_tokenizer.EosTokenId).Distinct()];
}
