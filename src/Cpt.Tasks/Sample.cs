namespace Cpt.Tasks;

/// <param name="Role"><c>system</c>, <c>user</c> or <c>assistant</c>.</param>
/// <param name="Content">Text as the model sees it, before the chat template.</param>
public sealed record TaskMessage(string Role, string Content);

/// <summary>One question of a task with what counts as right.</summary>
public sealed record Sample
{
    /// <summary>Unique within its split; evaluation records and 1→0 flips refer to it.</summary>
    public required string Id { get; init; }

    /// <summary>The prompt, the task's prompt suffix already added. The last message is the user's.</summary>
    public required IReadOnlyList<TaskMessage> Messages { get; init; }

    /// <summary>What supervised fine-tuning teaches, and what most scorers compare with.</summary>
    public required string Answer { get; init; }

    /// <summary>Regular expression of every right answer, matched against the whole answer (scorer Pattern).</summary>
    public string? Accept { get; init; }

    /// <summary>Texts of the options A, B, … (scorer ChoiceLetter); empty when the task has none.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>What each of several people answered (scorer VqaAccuracy); empty when the task has none.</summary>
    public IReadOnlyList<string> Answers { get; init; } = [];

    /// <summary>Judges this sample in place of the task's scorer, as in a task of choices of which some are open questions; null: the task's.</summary>
    public string? Scorer { get; init; }

    /// <summary>The author's own notes, as JSON; only a reward service is told them. Null for none.</summary>
    public string? Metadata { get; init; }

    /// <summary>Paths relative to <see cref="TaskData.Directory"/>, forward slashes.</summary>
    public IReadOnlyList<string> Images { get; init; } = [];
}
