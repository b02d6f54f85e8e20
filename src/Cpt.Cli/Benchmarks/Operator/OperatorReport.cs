using Cpt.Cli.Benchmarks.Trainer;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>What <c>cpt bench operator -o json</c> prints.</summary>
internal sealed record OperatorReport
{
    public required Machine Machine { get; init; }

    /// <summary>The API server's version.</summary>
    public required string Kubernetes { get; init; }

    /// <summary>True: too little was measured for the figures to say how fast anything is.</summary>
    public required bool Quick { get; init; }

    /// <summary>Whether trainers answered /progress, as they do on a cluster.</summary>
    public required bool Progress { get; init; }

    public required IReadOnlyList<Figure> Figures { get; init; }

    /// <summary>The operator's calls for a clean stage, as the API server counted them, by verb and resource.</summary>
    public required IReadOnlyDictionary<string, double> CallsPerStage { get; init; }

    /// <summary>Who used the processor in each phase.</summary>
    public required IReadOnlyList<CpuReport> Cpu { get; init; }

    /// <summary>Calls of what plays Job controller, kubelet and trainers; a part of the API server's load that is not the operator's.</summary>
    public required IReadOnlyDictionary<string, long> StandInCalls { get; init; }

    public double Seconds { get; init; }
}

/// <param name="Name">What was measured, with how many live runs.</param>
/// <param name="Value">In <paramref name="Unit"/>.</param>
/// <param name="Unit"><c>ms</c>, <c>s</c>, <c>MB</c>, <c>1/s</c> or <c>calls</c>.</param>
/// <param name="Goal">Null: there is none.</param>
/// <param name="AtLeast">Whether more is better; otherwise the goal is a most.</param>
/// <param name="Note">How many samples, or what limits it.</param>
internal sealed record Figure(string Name, double Value, string Unit, double? Goal = null, bool AtLeast = false, string? Note = null)
{
    /// <summary>Null where there is no goal.</summary>
    public bool? Met => Goal is not { } goal ? null : AtLeast ? Value >= goal : Value <= goal;
}

/// <param name="Phase">What went on.</param>
/// <param name="Seconds">How long.</param>
/// <param name="Cores">Cores used on average: <c>operator</c>, <c>apiserver</c>, <c>etcd</c>, <c>standIn</c> (this program), <c>others</c>.</param>
/// <param name="Busy">Cores of the machine that were busy.</param>
internal sealed record CpuReport(string Phase, double Seconds, IReadOnlyDictionary<string, double> Cores, double Busy);
