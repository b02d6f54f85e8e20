namespace Cpt.Api;

/// <summary>Labels on the runs of a study.</summary>
public static class StudyLabels
{
    /// <summary>The study's name.</summary>
    public const string Study = "cpt.dev/study";

    /// <summary>The variant's name.</summary>
    public const string Variant = "cpt.dev/variant";

    /// <summary>The seed.</summary>
    public const string Seed = "cpt.dev/seed";

    /// <summary>An annotation: digest of what the study asked for when it wrote the run's spec last. What somebody else changes in a run is left alone.</summary>
    public const string SpecDigest = "cpt.dev/study-spec";
}
