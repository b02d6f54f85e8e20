namespace Cpt.Trainer.Stages;

/// <summary>What an attempt has reached so far; also of interest when it fails.</summary>
internal sealed class StageOutcome
{
    public string? CheckpointDigest { get; set; }

    /// <summary><see cref="Contract.ProbeReport.Summary"/>; null where nothing was probed.</summary>
    public string? Probe { get; set; }

    /// <summary>Train samples that were chosen from; null where all are learned from.</summary>
    public int? Instances { get; set; }

    /// <summary>Of <see cref="Instances"/>, those that are learned from.</summary>
    public int? InstancesKept { get; set; }

    /// <summary>Accuracy by task and benchmark, in the order of scoring.</summary>
    public Dictionary<string, double> Scores { get; } = new(StringComparer.Ordinal);
}
