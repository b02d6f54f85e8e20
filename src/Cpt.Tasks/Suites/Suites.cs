namespace Cpt.Tasks;

/// <summary>A family of tasks that the product can make by itself.</summary>
/// <param name="Name">First part of the URI.</param>
/// <param name="Description">One line.</param>
/// <param name="Tasks">In the order in which they are listed.</param>
/// <param name="Options">What may stand after the <c>?</c>, each with its meaning and default.</param>
public sealed record Suite(string Name, string Description, IReadOnlyList<SuiteTask> Tasks, IReadOnlyList<(string Name, string Meaning)> Options)
{
    /// <summary>Makes one of <see cref="Tasks"/>. Called through <see cref="Suites.Generate"/>, which has checked the names.</summary>
    public required Func<GeneratedTaskUri, TaskData> Generate { get; init; }
}

/// <param name="Name">Second part of the URI.</param>
/// <param name="Description">One line.</param>
/// <param name="Scorer">How its answers are judged.</param>
public sealed record SuiteTask(string Name, string Description, string Scorer);

/// <summary>Every suite there is.</summary>
public static class Suites
{
    public static IReadOnlyList<Suite> All { get; } = [DigitsSuite.Suite, WorldSuite.Suite, ShapesSuite.Suite, NumeralsSuite.Suite, StudySuite.Suite];

    public static IReadOnlyList<string> Names => [.. All.Select(suite => suite.Name)];

    /// <exception cref="TaskDataException">No such suite; the message lists those there are.</exception>
    public static Suite Get(string name) => All.FirstOrDefault(suite => suite.Name == name)
        ?? throw new TaskDataException($"unknown suite '{name}'; suites are {string.Join(", ", Names)}");

    /// <exception cref="TaskDataException">No such suite, task or option; the message lists those there are.</exception>
    public static TaskData Generate(GeneratedTaskUri uri)
    {
        var suite = Get(uri.Suite);
        if (suite.Tasks.All(task => task.Name != uri.Task))
            throw new TaskDataException($"task {uri}: the suite {suite.Name} has no task '{uri.Task}'; it has {string.Join(", ", suite.Tasks.Select(task => task.Name))}");

        uri.RefuseOptionsOtherThan([.. suite.Options.Select(option => option.Name)]);
        return suite.Generate(uri);
    }

    /// <summary>Puts a generated task together; its digest is that of the files <see cref="TaskWriter"/> would write.</summary>
    /// <param name="definition">What it is.</param>
    /// <param name="train">Samples to learn from.</param>
    /// <param name="eval">Samples to score.</param>
    /// <param name="draw">Draws a sample's image, the same every time; null where no sample has one.</param>
    internal static TaskData Finish(TaskDefinition definition, IReadOnlyList<Sample> train, IReadOnlyList<Sample> eval, Func<string, Picture>? draw = null)
    {
        var files = TaskFiles.Of(definition, train, eval).Select(file => (file.Path, Digest: TaskDigest.OfBytes(file.Content)));
        var images = train.Concat(eval).SelectMany(sample => sample.Images).Distinct(StringComparer.Ordinal).Select(image => (Path: image, Digest: TaskDigest.OfBytes(PngFile.Of(draw!(image)))));
        return new TaskData { Definition = definition, Train = train, Eval = eval, Digest = TaskDigest.OfFiles(files.Concat(images)), Draw = draw };
    }
}
