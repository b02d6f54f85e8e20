using System.Text.Json.Serialization;
using Cpt.Cli.Status;

namespace Cpt.Cli.Cluster;

/// <summary>What <c>kubectl cpt matrix -o json</c> prints: the fields of <see cref="StatusDocument"/> that are measures, by the same names.</summary>
internal sealed record MatrixDocument
{
    public required string Run { get; init; }

    public required string Namespace { get; init; }

    public required string Unit { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? AverageAccuracy { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? Forgetting { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? ForgettingFromPeak { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public double? ForwardTransfer { get; init; }

    public required IReadOnlyList<string> Tasks { get; init; }

    public required IReadOnlyList<string> Rows { get; init; }

    public required IReadOnlyList<IReadOnlyList<double?>> Matrix { get; init; }

    public required IReadOnlyList<BenchmarkStatus> Benchmarks { get; init; }

    public static MatrixDocument Of(StatusDocument status) => new()
    {
        Run = status.Run,
        Namespace = status.Namespace,
        Unit = status.Unit,
        AverageAccuracy = status.AverageAccuracy,
        Forgetting = status.Forgetting,
        ForgettingFromPeak = status.ForgettingFromPeak,
        ForwardTransfer = status.ForwardTransfer,
        Tasks = status.Tasks,
        Rows = status.Rows,
        Matrix = status.Matrix,
        Benchmarks = status.Benchmarks,
    };
}
