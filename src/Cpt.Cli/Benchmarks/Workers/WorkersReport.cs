using System.Globalization;
using System.Text;
using Cpt.Cli.Benchmarks.Trainer;

namespace Cpt.Cli.Benchmarks.Workers;

/// <summary>What <c>cpt bench workers -o json</c> prints.</summary>
internal sealed record WorkersReport
{
    public required Machine Machine { get; init; }

    public required string Libtorch { get; init; }

    /// <summary>Processes with one thread each.</summary>
    public required int Workers { get; init; }

    /// <summary>Turns each side had, the warm-up not counted.</summary>
    public required int Rounds { get; init; }

    /// <summary>The lowest median ratio over all sizes.</summary>
    public required double Lowest { get; init; }

    public required IReadOnlyList<WorkersSizeReport> Sizes { get; init; }

    /// <summary>As a table for people.</summary>
    public string ToText()
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"{Machine.Cpu}, {Machine.Cores} cores, load {Machine.LoadBefore:F1} before and {Machine.LoadAfter:F1} after; libtorch {Libtorch}, one thread a worker");
        Line($"");
        Line($"{"tokens/s, median of " + Rounds.ToString(CultureInfo.InvariantCulture),-24} {Workers + " workers",10} {"one",8} {"ratio",7} {"lowest",8} {"highest",8} {"processor",10}");
        foreach (var size in Sizes)
        {
            Line($"{size.Name + ", training",-24} {size.TokensPerSecond,10:F0} {size.AloneTokensPerSecond,8:F0} {size.Ratio,7:F2} {size.LowestRatio,8:F2} {size.HighestRatio,8:F2} {size.CpuRatio,10:F2}");
        }

        return text.ToString();
    }
}

/// <summary>One model's figures from turns taken one after the other.</summary>
internal sealed record WorkersSizeReport
{
    /// <summary><c>small</c> or <c>medium</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Weights of the model.</summary>
    public required long Parameters { get; init; }

    /// <summary>What a step did.</summary>
    public required string Work { get; init; }

    public double TokensPerSecond => Statistics.Median(Pairs.Select(pair => pair.Crew.TokensPerSecond));

    public double AloneTokensPerSecond => Statistics.Median(Pairs.Select(pair => pair.Alone.TokensPerSecond));

    /// <summary>Median of the pairs' ratios.</summary>
    public double Ratio => Statistics.Median(Pairs.Select(pair => pair.Ratio));

    public double LowestRatio => Pairs.Min(pair => pair.Ratio);

    public double HighestRatio => Pairs.Max(pair => pair.Ratio);

    /// <summary>
    /// Median of: processor time that one worker took for a step, through what all took together. 1 = working together costs no work of its own; what other processes take away
    /// does not enter.
    /// </summary>
    public double CpuRatio => Statistics.Median(Pairs.Select(pair => pair.CpuRatio));

    public required IReadOnlyList<WorkersPair> Pairs { get; init; }
}

/// <param name="Alone">One worker's turn.</param>
/// <param name="Crew">The turn of several right after it.</param>
internal sealed record WorkersPair(Turn Alone, Turn Crew)
{
    public double Ratio => Crew.TokensPerSecond / Alone.TokensPerSecond;

    public double CpuRatio => Alone.CpuSeconds / Crew.CpuSeconds;
}
