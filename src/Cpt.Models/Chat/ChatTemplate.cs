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
            return string.Concat(messages.Select(Shown));
        }

        var text = new StringBuilder();
        foreach (var message in messages)
        {
            text.Append(Start).Append(message.Role).Append('\n').Append(Shown(message)).Append(End).Append('\n');
        }

        return (addGenerationPrompt ? text.Append(Start).Append("assistant\n") : text).ToString();
    }

    /// <summary>
    /// The conversation as token ids: those of <see cref="Render"/>, except that a control token's text within a message stays text.
    /// </summary>
    public static int[] Encode(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt) => Encode(tokenizer, messages, addGenerationPrompt, null).Ids;

    /// <summary>The same with images: each is a start token, as many image tokens as it has, and an end token.</summary>
    /// <param name="tokenizer">Decides the form.</param>
    /// <param name="messages">In order.</param>
    /// <param name="addGenerationPrompt">Open the assistant's turn at the end.</param>
    /// <param name="config">Names the image tokens; null where no message has images.</param>
    /// <exception cref="ArgumentException">A message's images are more or fewer than its marks, or the model reads none.</exception>
    public static ChatPrompt Encode(Tokenizer tokenizer, IReadOnlyList<ChatMessage> messages, bool addGenerationPrompt, ModelConfig? config)
    {
        var ids = new List<int>();
        var columns = new List<int>();
        if (tokenizer.TokenId(Start) is not { } start || tokenizer.TokenId(End) is not { } end)
        {
            // Neighbours of text are one text, so that the contents make the tokens of their whole.
            var text = new StringBuilder();
            foreach (var message in messages)
            {
                Add(message, text);
            }

            Flush(text);
            return new ChatPrompt([.. ids], columns);
        }

        var newLine = tokenizer.Encode("\n", allowSpecial: false);
        foreach (var message in messages)
        {
            ids.Add(start);
            var text = new StringBuilder(message.Role).Append('\n');
            Add(message, text);
            Flush(text);
            ids.Add(end);
            ids.AddRange(newLine);
        }

        if (addGenerationPrompt)
        {
            ids.Add(start);
            ids.AddRange(tokenizer.Encode("assistant\n", allowSpecial: false));
        }

        return new ChatPrompt([.. ids], columns);

        void Add(ChatMessage message, StringBuilder text)
        {
            var parts = Parts(message);
            text.Append(parts[0]);
            for (var image = 0; image < message.ImageTokens.Count; image++)
            {
                if (config?.Vision is null)
                {
                    throw new ArgumentException("a message has images, but the model has no vision tower", nameof(messages));
                }

                Flush(text);
                ids.Add(config.VisionStartTokenId);
                columns.Add(ids.Count);
                ids.AddRange(Enumerable.Repeat(config.ImageTokenId, message.ImageTokens[image]));
                ids.Add(config.VisionEndTokenId);
                text.Append(parts[image + 1]);
            }
        }

        void Flush(StringBuilder text)
        {
            ids.AddRange(tokenizer.Encode(text.ToString(), allowSpecial: false));
            text.Clear();
        }
    }

    /// <summary>What a message says before, between and after its images.</summary>
    private static string[] Parts(ChatMessage message)
    {
        var parts = message.ImageTokens.Count == 0 ? [message.Content] : message.Content.Split(ChatMessage.ImageMark);
        return parts.Length == message.ImageTokens.Count + 1
            ? parts
            : throw new ArgumentException($"a message has {message.ImageTokens.Count} images and {parts.Length - 1} marks {ChatMessage.ImageMark}; expected one mark for each image", nameof(message));
    }

    private static string Shown(ChatMessage message) => string.Join("<|vision_start|><|image_pad|><|vision_end|>", Parts(message));
}
