namespace Cpt.Api;

/// <summary>What the trainer of this version can do beside what every version can. One place, so that validation, planner and operator agree.</summary>
public static class TrainerCapabilities
{
    /// <summary>AppContext switch that lets runs with several workers through, for tests of everything around the trainer.</summary>
    public const string SeveralWorkersSwitch = "Cpt.SeveralWorkers";

    /// <summary>Whether the workers of one stage train together: several nodes, or several processes a node. Not yet.</summary>
    public static bool SeveralWorkers => AppContext.TryGetSwitch(SeveralWorkersSwitch, out var on) && on;
}
