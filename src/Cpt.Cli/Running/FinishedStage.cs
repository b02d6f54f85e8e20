using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>A stage whose checkpoint is committed.</summary>
/// <param name="Name">In the run.</param>
/// <param name="Hash">Its name in storage.</param>
/// <param name="ModelDigest">Of the model it ended with.</param>
internal sealed record FinishedStage(string Name, string Hash, string ModelDigest)
{
    /// <param name="run">Whose order of stages counts.</param>
    /// <param name="status">Null: nothing is finished.</param>
    /// <param name="name">Null: the last one.</param>
    /// <param name="look">The command that shows how far the run is.</param>
    /// <exception cref="CliException">64: there is no such stage; 66: it is not finished.</exception>
    public static FinishedStage Of(ContinualRun run, ContinualRunStatus? status, string? name, string look)
    {
        var order = run.Spec.Stages.Select(stage => stage.Name).ToList();
        if (name is not null && !order.Contains(name, StringComparer.Ordinal))
        {
            throw new CliException(ExitCodes.BadSpec, $"--stage: there is no stage {name} in run {run.Metadata.Name}; its stages are {string.Join(", ", order)}");
        }

        var finished = (status?.Stages ?? []).Where(stage => stage is { StageHash: not null, CheckpointDigest: not null }).ToList();
        var found = order.Where(stage => name is null || stage == name)
            .Select(stage => finished.Find(known => known.Name == stage))
            .LastOrDefault(stage => stage is not null);
        return found is not null
            ? new FinishedStage(found.Name, found.StageHash!, found.CheckpointDigest!)
            : throw new CliException(
                ExitCodes.InputNotFound,
                name is null ? $"No stage of run {run.Metadata.Name} is finished yet; see {look}." : $"Stage {name} of run {run.Metadata.Name} is not finished yet; see {look}.");
    }
}
