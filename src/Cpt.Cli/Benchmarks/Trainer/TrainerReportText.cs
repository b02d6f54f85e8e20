using System.Globalization;
using System.Text;

namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>The report as a table for people.</summary>
internal static class TrainerReportText
{
    public static string Of(TrainerReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"{report.Machine.Cpu}, {report.Machine.Cores} cores, load {report.Machine.LoadBefore:F1} before and {report.Machine.LoadAfter:F1} after");
        Line($"ours: libtorch {report.Ours.Libtorch}, {report.Ours.Threads} threads, {Blas(report.Ours)}");
        Line($"peer: PyTorch {report.Peer.Libtorch} in {report.Peer.Python}, {report.Peer.Threads} threads, {Blas(report.Peer)}");
        Line($"");
        Line($"{"tokens/s, median of " + report.Rounds.ToString(CultureInfo.InvariantCulture),-28} {"ours",9} {"peer",9} {"ratio",7} {"lowest",8} {"highest",8} {"processor",10}");
        foreach (var size in report.Sizes)
        {
            foreach (var (what, figures) in new[] { ("training", size.Training), ("rollouts", size.Rollouts) })
            {
                Line($"{size.Name + ", " + what,-28} {figures.TokensPerSecond,9:F0} {figures.PeerTokensPerSecond,9:F0} {figures.Ratio,7:F2} {figures.LowestRatio,8:F2} {figures.HighestRatio,8:F2} {figures.CpuRatio,10:F2}");
            }
        }

        if (report.Memory is { } memory)
        {
            Line($"");
            Line($"resident memory, {memory.Size}: {Mebibytes(memory.Readings[0])} MiB after {memory.Readings[0].Step} steps, {Mebibytes(memory.Readings[^1])} MiB after {memory.Readings[^1].Step}: {memory.GrowthPercent:+0.0;-0.0;0.0} %");
        }

        return text.ToString();
    }

    private static string Blas(Side side) => side.Blas.Count == 0 ? "no BLAS library found" : string.Join(" and ", side.Blas.Select(file => Path.GetFileName(file)));

    private static string Mebibytes(Reading reading) => (reading.ResidentBytes / 1048576.0).ToString("F1", CultureInfo.InvariantCulture);
}
