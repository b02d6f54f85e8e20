namespace Cpt.Api.Validation;

/// <summary>
/// What the API has names for and this version does not carry out. Refused, never ignored: a field that is accepted and does nothing is worse than none.
/// </summary>
internal static class NotYetSupported
{
    public static IEnumerable<FieldError> Check(ContinualRun run)
    {
        if (run.Spec.ReusePolicy == ReusePolicy.Never)
        {
            yield return new FieldError("spec.reusePolicy", "Never is not supported yet; use IfUnchanged, or storage of its own for this run");
        }

        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var error in Stage(stage, index))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<FieldError> Stage(RunStage stage, int index)
    {
        if (stage.Rft?.InstanceFilter is not null)
        {
            yield return new FieldError(StageRules.Path(index, "rft.instanceFilter"), "is not supported yet; leave it out");
        }
    }
}
