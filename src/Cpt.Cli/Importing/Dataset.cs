namespace Cpt.Cli.Importing;

/// <summary>A published data set and how it becomes a task.</summary>
internal sealed record Dataset
{
    /// <summary>As it is named on the command line.</summary>
    public required string Name { get; init; }

    public required string Title { get; init; }

    /// <summary>What its directory holds, for people.</summary>
    public required string Layout { get; init; }

    /// <summary>Where it is published.</summary>
    public required string Origin { get; init; }

    /// <summary>For example <c>ChoiceLetter</c>; single samples may have another.</summary>
    public required string Scorer { get; init; }

    /// <summary>The published split to learn from; null: it is a benchmark.</summary>
    public string? TrainSplit { get; init; }

    /// <summary>The published split to score.</summary>
    public required string EvalSplit { get; init; }

    /// <summary>Published splits with answers.</summary>
    public required IReadOnlyList<string> Splits { get; init; }

    /// <summary>Reads one split into the sink until that is full.</summary>
    public required Action<ImportSource, string, ImportSink> Read { get; init; }

    public static IReadOnlyList<Dataset> All { get; } =
        [ScienceQa.Dataset, TextVqa.Dataset, VizWiz.Dataset, Gqa.Dataset, Geometry3K.Choices, Geometry3K.Open, PathVqa.Dataset, SuperClevr.Dataset, Mmmu.Dataset, MmluPro.Dataset, Pope.Dataset];
}
