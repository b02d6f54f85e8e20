namespace Cpt.Tasks;

/// <summary>A task, read and checked: every sample of both splits can be scored.</summary>
public sealed record TaskData
{
    public string Name => Definition.Name;

    public required TaskDefinition Definition { get; init; }

    /// <summary>Empty only when <see cref="TaskDefinition.EvaluationOnly"/>.</summary>
    public required IReadOnlyList<Sample> Train { get; init; }

    /// <summary>Never empty.</summary>
    public required IReadOnlyList<Sample> Eval { get; init; }

    /// <summary>SHA-256 over the task's files (see <see cref="TaskDigest"/>), 64 lowercase hex digits.</summary>
    public required string Digest { get; init; }

    /// <summary>Where the files lie; null for a generated task.</summary>
    public string? Directory { get; init; }

    /// <summary>Some sample shows a picture, so that a model of text alone cannot read the task.</summary>
    public bool HasImages => Train.Concat(Eval).Any(sample => sample.Images.Count > 0);

    /// <summary>Draws the images of a generated task.</summary>
    internal Func<string, Picture>? Draw { get; init; }

    /// <summary>Judges every sample by its own scorer, or where it has none by the one that <see cref="Definition"/> names.</summary>
    public IScorer Scorer => new SampleScorer(Scorers.Get(Definition.Scorer));

    /// <summary>An image of a generated task, as it was drawn; null for a task of files, whose pictures must be decoded.</summary>
    /// <param name="image">One of a sample's <see cref="Sample.Images"/>.</param>
    public Picture? Drawn(string image) => Draw?.Invoke(image);

    /// <summary>The bytes of an image's file.</summary>
    /// <param name="image">One of a sample's <see cref="Sample.Images"/>.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public byte[] ImageFile(string image) => Draw is not null ? PngFile.Of(Draw(image)) : File.ReadAllBytes(Path.Combine(Directory!, image));

    /// <summary>The same samples under another scorer, which must be able to judge them all, those included that have one of their own. Null changes nothing.</summary>
    /// <exception cref="TaskDataException">The scorer is unknown or cannot judge a sample.</exception>
    public TaskData WithScorer(string? scorer)
    {
        if (scorer is null)
            return this;

        var judge = Scorers.Get(scorer);
        foreach (var (split, samples) in new[] { ("train", Train), ("eval", Eval) })
        {
            foreach (var sample in samples)
            {
                if (judge.Problem(sample) is { } problem)
                    throw new TaskDataException($"task {Name}: scorer {scorer} cannot judge {split} sample '{sample.Id}': {problem}");
            }
        }

        return this with { Definition = Definition with { Scorer = scorer }, Train = Plain(Train), Eval = Plain(Eval) };

        static IReadOnlyList<Sample> Plain(IReadOnlyList<Sample> samples) =>
            samples.Any(sample => sample.Scorer is not null) ? [.. samples.Select(sample => sample with { Scorer = null })] : samples;
    }
}
