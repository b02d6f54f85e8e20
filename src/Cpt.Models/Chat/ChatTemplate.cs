using System.Text;

namespace Cpt.Models;

/// <summary>
/// A conversation as the model reads it. A tokenizer with <c>&lt;|im_start|&gt;</c> speaks ChatML, as Qwen does (without a
/// system message of its own accord); any other gets the contents one after the other and nothing else.
/// </summary>
public static class ChatTemplate
{
    private const string Start = "<|im_start|>";
    private const string End = "<|im_end|>";

    /// <summary>The conversation as text, for people and for other tools.</summary>
    /// <param name="tokenizer">Decides the form.</param>
    /// <param name="messages">In order.</param>
    /// <param name="addGenerationPrompt">Open the assistant's turn at the end.</param>
    public static string Render(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        if (tokenizer.TokenId(Start) is null)
        {
            return string.Concat(messages.Select(message => message.Content));
        }

        var text = new StringBuilder();
        foreach (var message in messages)
        {
            text.Append(Start).Append(message.Role).Append('\n').Append(message.Content).Append(End).Append('\n');
        }

        return (addGenerationPrompt ? text.Append(Start).Append("assistant\n") : text).ToString();
    }

    /// <summary>
    /// The conversation as token ids: those of <see cref="Render"/>, except that a control token's text within a message stays text.
    /// </summary>
    public static int[] Encode(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt)
    {
        if (tokenizer.TokenId(Start) is not { } start || tokenizer.TokenId(End) is not { } end)
        {
            return tokenizer.Encode(string.Concat(messages.Select(message => message.Content)), allowSpecial: false);
        }

        var ids = new List<int>();
        var newLine = tokenizer.Encode("\n", allowSpecial: false);
        foreach (var message in messages)
        {
            ids.Add(start);
            ids.AddRange(tokenizer.Encode(message.Role + "\n" + message.Content, allowSpecial: false));
            ids.Add(end);
            ids.AddRange(newLine);
        }

        if (addGenerationPrompt)
        {
            ids.Add(start);
            ids.AddRange(tokenizer.Encode("assistant\n", allowSpecial: false));
        }

        return [.. ids];
    }
}
