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

        foreach (var error in Template(run.Spec.Template, "spec.template"))
        {
            yield return error;
        }

        foreach (var (index, stage) in run.Spec.Stages.Index())
        {
            foreach (var error in Stage(stage, index).Concat(Template(stage.Template, StageRules.Path(index, "template"))))
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

        if (stage.Replay is not null)
        {
            yield return new FieldError(StageRules.Path(index, "replay"), "is not supported yet; leave it out");
        }
    }

    private static IEnumerable<FieldError> Template(WorkloadTemplate? template, string path)
    {
        if (TrainerCapabilities.SeveralWorkers)
        {
            yield break;
        }

        if (template?.Nodes > 1)
        {
            yield return new FieldError($"{path}.nodes", $"{template.Nodes} is not supported yet; use 1");
        }

        if (template?.ProcessesPerNode > 1)
        {
            yield return new FieldError($"{path}.processesPerNode", $"{template.ProcessesPerNode} is not supported yet; use 1");
        }
    }
}
