using System.Globalization;
using System.Text;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>The report as a table for people.</summary>
internal static class ModelsReportText
{
    public static string Of(ModelsReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture).TrimEnd()).Append('\n');
        Line($"{report.Gpu ?? report.Cpu}, {report.Device}, {report.Threads} threads; ours: libtorch {report.Libtorch}; peer: {report.Peer ?? "none"}");
        Line($"");
        Line($"{"tokens/s, GiB of device memory",-36} {"ours",9} {"peer",9} {"ratio",7} {"ours",7} {"peer",7}");
        foreach (var shape in report.Shapes)
        {
            foreach (var work in shape.Work)
            {
                Line($"{$"{shape.Shape}, {shape.Precision}, {work.Name}",-36} {Speed(work.Ours),9} {Speed(work.Peer),9} {work.Ratio,7:F2} {Memory(work.Ours),7} {Memory(work.Peer),7}");
            }

            foreach (var (side, failure) in shape.Work.SelectMany(work => new[] { ("ours", work.Failure), ("peer", work.PeerFailure) }).Where(pair => pair.Item2 is not null).Distinct())
            {
                Line($"  {side}: {failure}");
            }
        }

        return text.ToString();
    }

    private static string Speed(Timing? timing) => timing is null ? "-" : timing.TokensPerSecond.ToString("F0", CultureInfo.InvariantCulture);

    private static string Memory(Timing? timing) => timing?.PeakBytes is > 0 and var bytes ? (bytes / (double)(1L << 30)).ToString("F1", CultureInfo.InvariantCulture) : "";
}
