namespace Cpt.Api;

/// <summary>The value of everything in a study that was left out. Of the base nothing is filled in: a patch must be able to tell what was written.</summary>
public static class StudyDefaults
{
    public const int Concurrency = 1;

    /// <summary>The same study with nothing left out. Applying it again changes nothing.</summary>
    public static ContinualStudy Apply(ContinualStudy study) => study with
    {
        Metadata = study.Metadata with { Namespace = study.Metadata.Namespace ?? RunDefaults.Namespace },
        Spec = study.Spec with
        {
            Baseline = study.Spec.Baseline ?? study.Spec.Variants[0].Name,
            Concurrency = study.Spec.Concurrency ?? Concurrency,
            Suspend = study.Spec.Suspend ?? false,
            RetryToken = study.Spec.RetryToken ?? "",
        },
    };
}
