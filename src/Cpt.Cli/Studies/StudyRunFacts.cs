using Cpt.Cli.Status;

namespace Cpt.Cli.Studies;

/// <summary>One run of a study as its tables take it.</summary>
internal sealed record StudyRunFacts
{
    public required string Variant { get; init; }

    public required long Seed { get; init; }

    public required StatusDocument Status { get; init; }

    /// <summary>That training its stages took, whichever run of the study trained them: what was shared is counted for each, so that variants compare.</summary>
    public long? Tokens { get; init; }

    /// <summary>The same for time: all attempts of its stages, loading and scoring included.</summary>
    public double? Seconds { get; init; }

    /// <summary>Samples that the instance filter kept, of all that it looked at over all stages, 0..1; null where no stage filters.</summary>
    public double? KeptFraction { get; init; }

    public bool Succeeded => Status.State == RunState.Succeeded;
}
