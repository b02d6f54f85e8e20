namespace Cpt.Tasks;

/// <summary>task.json: what the task is and how its answers are judged.</summary>
public sealed record TaskDefinition
{
    public required string Name { get; init; }

    public string Description { get; init; } = "";

    /// <summary>For example <c>ExactMatch</c> or <c>Numeric(tolerance=0.01)</c>; see <see cref="Scorers"/>.</summary>
    public required string Scorer { get; init; }

    /// <summary>The author's own version of the data; for people, the digest is what counts.</summary>
    public string Version { get; init; } = "1";

    public string? License { get; init; }

    public string? Source { get; init; }

    /// <summary>Added to the end of every sample's last message when the task is read.</summary>
    public string? PromptSuffix { get; init; }

    /// <summary>Becomes the system's message before every sample that has none when the task is read.</summary>
    public string? SystemPrompt { get; init; }

    /// <summary>The task has no train.jsonl: it can be a benchmark and never a stage.</summary>
    public bool EvaluationOnly { get; init; }
}
