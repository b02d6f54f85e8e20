using System.Globalization;
using Cpt.Cli.Memory;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>Result of <c>cpt bench memory</c>.</summary>
internal sealed record TrainingMemory
{
    public required string Shape { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    /// <summary>Sequences of a step, all in one pass.</summary>
    public required int Batch { get; init; }

    public required int Tokens { get; init; }

    public required IReadOnlyList<Row> Rows { get; init; }

    public static string Line(Row row) => string.Create(
        CultureInfo.InvariantCulture,
        $"{row.Way,-20} measured {ByteQuantity.Text(row.MeasuredBytes),10}   estimated {ByteQuantity.Text(row.EstimatedBytes),10}   ratio {row.Ratio:0.00}   {row.TokensPerSecond:0} tokens/s");

    /// <param name="Way">Of training.</param>
    /// <param name="MeasuredBytes">In tensors at most.</param>
    /// <param name="EstimatedBytes">By <c>cpt model plan</c>'s formulas.</param>
    /// <param name="TokensPerSecond">Of the fastest step.</param>
    internal sealed record Row(string Way, long MeasuredBytes, long EstimatedBytes, double TokensPerSecond)
    {
        public double Ratio => (double)EstimatedBytes / MeasuredBytes;
    }
}
