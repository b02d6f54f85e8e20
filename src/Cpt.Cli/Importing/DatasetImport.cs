using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>One import: a published directory becomes a task's directory, whole or not at all.</summary>
internal sealed record DatasetImport
{
    public required Dataset Dataset { get; init; }

    /// <summary>Where the data set was unpacked.</summary>
    public required string Source { get; init; }

    /// <summary>The task's directory.</summary>
    public required string Output { get; init; }

    /// <summary>Published split that is scored; null: the data set's usual one.</summary>
    public string? EvalSplit { get; init; }

    /// <summary>Published split that is learned from; null: the usual one, if there is any.</summary>
    public string? TrainSplit { get; init; }

    /// <summary>Samples at most, the first of the published order.</summary>
    public int MostTrain { get; init; } = int.MaxValue;

    public int MostEval { get; init; } = int.MaxValue;

    /// <summary>Pictures are linked to, not copied.</summary>
    public bool Link { get; init; }

    /// <summary>Takes the place of a task that is there.</summary>
    public bool Replace { get; init; }

    /// <param name="note">Told what was left out.</param>
    /// <exception cref="TaskNotFoundException">A file of the layout is missing.</exception>
    /// <exception cref="TaskDataException">An entry is wrong.</exception>
    public TaskData Run(Action<string> note)
    {
        var (train, eval) = (TrainSplit ?? Dataset.TrainSplit, EvalSplit ?? Dataset.EvalSplit);
        foreach (var split in new[] { train, eval }.OfType<string>().Where(split => !Dataset.Splits.Contains(split, StringComparer.Ordinal)))
            throw new TaskDataException($"{Dataset.Name} has no split '{split}' with answers; it has {string.Join(", ", Dataset.Splits)}");
        if (train == eval)
            throw new TaskDataException($"--split {eval} is the split that is learned from as well; what is scored must not be trained on");

        var source = new ImportSource(Source, Dataset);
        var definition = new TaskDefinition
        {
            Name = Dataset.Name,
            Description = Dataset.Title,
            Scorer = Dataset.Scorer,
            Source = $"{Dataset.Origin}, {(train is null ? "" : $"learned from {train}, ")}scored on {eval}",
            EvaluationOnly = train is null,
        };
        return TaskWriter.Build(
            Output,
            definition,
            directory =>
            {
                var pictures = new Dictionary<string, string>(StringComparer.Ordinal);
                return (train is null ? [] : Split(source, train, MostTrain, directory, definition, pictures, note), Split(source, eval, MostEval, directory, definition, pictures, note));
            },
            Replace);
    }

    private IReadOnlyList<Sample> Split(ImportSource source, string split, int most, string directory, TaskDefinition definition, Dictionary<string, string> pictures, Action<string> note)
    {
        var sink = new ImportSink(directory, definition, most, Link, pictures);
        Dataset.Read(source, split, sink);
        if (sink.LeftOut > 0)
            note($"{split}: {sink.LeftOut} questions without a picture are left out");
        return sink.Samples.Count > 0 ? sink.Samples : throw new TaskDataException($"{source.Root}: the split {split} has no entry; expected {Dataset.Layout}");
    }
}
