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

    /// <summary>The scorer that <see cref="Definition"/> names.</summary>
    public IScorer Scorer => Scorers.Get(Definition.Scorer);

    /// <summary>The same samples under another scorer, which must be able to judge them all. Null changes nothing.</summary>
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

        return this with { Definition = Definition with { Scorer = scorer } };
    }
}
