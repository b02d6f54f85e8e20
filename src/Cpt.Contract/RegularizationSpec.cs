namespace Cpt.Contract;

/// <summary>Terms that the loss has beside the task's own.</summary>
public sealed record RegularizationSpec
{
    /// <summary>Null: none.</summary>
    public EwcSpec? Ewc { get; init; }

    /// <summary>Null: none. Method SFT.</summary>
    public LwfSpec? Lwf { get; init; }
}

/// <summary>Holds each weight near the stage's input, the more the more it mattered to earlier tasks.</summary>
public sealed record EwcSpec
{
    /// <summary>λ, above 0.</summary>
    public required double Lambda { get; init; }

    /// <summary>Train samples the Fisher information is estimated on, of all tasks together; fewer where they have not so many.</summary>
    public required int FisherSamples { get; init; }

    /// <summary>All earlier tasks. Never empty: a stage without earlier ones has no such block.</summary>
    public required IReadOnlyList<TaskInput> Tasks { get; init; }
}

/// <summary>Holds the answers' distributions near those of the stage's input.</summary>
public sealed record LwfSpec
{
    /// <summary>Above 0.</summary>
    public required double Weight { get; init; }

    /// <summary>T, above 0: above 1, the less likely tokens count more.</summary>
    public required double Temperature { get; init; }
}
