using System.Globalization;
using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>One stage of a decision in the making.</summary>
internal sealed class StageDraft
{
    public StageDraft(RunStage stage, int index, StageStatus? before)
    {
        Stage = stage;
        Index = index;
        Before = before;
        Status = (before ?? new StageStatus { Name = stage.Name, Method = stage.Method, State = StageState.Waiting }) with { Method = stage.Method };
    }

    public RunStage Stage { get; }

    public int Index { get; }

    public string Name => Stage.Name;

    /// <summary>As it was last written.</summary>
    public StageStatus? Before { get; }

    /// <summary>As it will be written.</summary>
    public StageStatus Status { get; set; }

    public bool Finished => Status.State is StageState.Succeeded or StageState.Reused;

    public string? StageHash => Status.StageHash;

    /// <summary>The committed result, once it was looked up.</summary>
    public CheckpointManifest? Final { get; set; }

    /// <summary>The newest intermediate commit, once it was looked up.</summary>
    public CheckpointManifest? NewestStep { get; set; }

    /// <summary>Its row, once it was looked up.</summary>
    public EvaluationDocument? Evaluation { get; set; }

    /// <summary>Why the run fails with it, one of <see cref="Reasons"/>; set when it is given up in this decision.</summary>
    public string? FailureReason { get; set; }

    /// <summary>The attempt that wrote the newest commit: its own failure is the first in a row.</summary>
    public int LastProgressAttempt(string run, string @namespace) =>
        new[] { Final, NewestStep }.Where(manifest => manifest is not null && manifest.Run == run && manifest.Namespace == @namespace)
            .Select(manifest => manifest!.Attempt).DefaultIfEmpty(0).Max();

    public static string JobName(string run, string stage, int attempt) => string.Create(CultureInfo.InvariantCulture, $"{run}-{stage}-a{attempt}");
}
