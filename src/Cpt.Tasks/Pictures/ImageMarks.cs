namespace Cpt.Tasks;

/// <summary>Where a sample's images stand in its messages: at the marks <c>&lt;image&gt;</c>, in order; without any mark before the last message.</summary>
public static class ImageMarks
{
    public const string Mark = "<image>";

    /// <summary>Images a sample may have.</summary>
    public const int Maximum = 64;

    /// <summary>What is wrong with a sample's images and marks; null where nothing is. Marks of a sample without images are text.</summary>
    public static string? Problem(IReadOnlyList<TaskMessage> messages, int images)
    {
        if (images > Maximum)
            return $"{images} are too many; a sample may have {Maximum}";

        var marks = messages.Sum(message => Count(message.Content));
        return images == 0 || marks == 0 || marks == images
            ? null
            : $"{images} images for {marks} marks {Mark} in the messages; write one mark for each image, or none to show all before the last message";
    }

    /// <summary>The messages with a mark for every image.</summary>
    public static IReadOnlyList<TaskMessage> Placed(IReadOnlyList<TaskMessage> messages, int images)
    {
        if (images == 0 || messages.Any(message => Count(message.Content) > 0))
            return messages;

        return [.. messages.SkipLast(1), messages[^1] with { Content = string.Concat(Enumerable.Repeat(Mark, images)) + messages[^1].Content }];
    }

    /// <summary>Marks of a text.</summary>
    public static int Count(string content)
    {
        var count = 0;
        for (var at = content.IndexOf(Mark, StringComparison.Ordinal); at >= 0; at = content.IndexOf(Mark, at + Mark.Length, StringComparison.Ordinal))
            count++;
        return count;
    }
}
