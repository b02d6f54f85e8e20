namespace Cpt.Api;

/// <summary>How many workers train a stage together.</summary>
/// <param name="Nodes">Pods.</param>
/// <param name="ProcessesPerNode">Workers of each.</param>
public readonly record struct StageWorkers(int Nodes, int ProcessesPerNode)
{
    /// <summary>In all.</summary>
    public int Count => Nodes * ProcessesPerNode;

    /// <param name="run">With or without defaults applied.</param>
    /// <param name="stage">0-based place of the stage, whose own template comes first.</param>
    public static StageWorkers Of(ContinualRun run, int stage)
    {
        var (common, own) = (run.Spec.Template, run.Spec.Stages[stage].Template);
        return new StageWorkers(own?.Nodes ?? common?.Nodes ?? 1, own?.ProcessesPerNode ?? common?.ProcessesPerNode ?? 1);
    }
}
