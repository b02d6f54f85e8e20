using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// From a sample to the tokens the model is given, and to the tokens supervised fine-tuning teaches. A prompt is made from the sample's messages
/// alone: its answer never enters.
/// </summary>
public sealed class PromptBuilder(Tokenizer tokenizer, PromptStyle style)
{
    private const string ThinkFirst =
        "\nReason step by step inside <think> and </think> before you answer. After that, write your final answer inside \\boxed{}.";

    private readonly Tokenizer _tokenizer = tokenizer;

    /// <summary>Prompt tokens, ready for the model to go on with its answer.</summary>
    public int[] Prompt(Sample sample)
    {
        var messages = new ChatMessage[sample.Messages.Count];
        for (var i = 0; i < messages.Length; i++)
        {
            var (role, content) = sample.Messages[i];
            var asksThinking = style == PromptStyle.ChainOfThought && i == messages.Length - 1;
            messages[i] = new ChatMessage(role, asksThinking ? content + ThinkFirst : content);
        }

        return ChatTemplate.Encode(_tokenizer, messages, addGenerationPrompt: true);
    }

    /// <summary>The tokens of the sample's answer, closed by the end token. Encoded apart from the prompt, as the model will have to produce it.</summary>
    public int[] Target(Sample sample) => [.. _tokenizer.Encode(sample.Answer, allowSpecial: false), _tokenizer.EosTokenId];

    /// <summary>A response as text, without the token that ended it.</summary>
    public string Text(GeneratedRow row) => _tokenizer.Decode(row.Finished ? row.Tokens.AsSpan(..^1) : row.Tokens);

    /// <summary>Any of these ends a response: the tokenizer's own, and those that the model's config names.</summary>
    public int[] StopTokens(ModelConfig config) => [.. config.EosTokenIds.Append(_tokenizer.EosTokenId).Distinct()];
}
