using System.Globalization;
using System.Text;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>The report as a table for people.</summary>
internal static class OperatorReportText
{
    public static string Of(OperatorReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture).TrimEnd()).Append('\n');
        Line($"{report.Machine.Cpu}, {report.Machine.Cores} cores, load {report.Machine.LoadBefore:F1} before and {report.Machine.LoadAfter:F1} after; Kubernetes {report.Kubernetes}; {report.Seconds:F0} s");
        if (report.Quick)
        {
            Line($"--quick: too few samples to say how fast anything is");
        }

        Line($"");
        Line($"{"",-52} {"measured",12} {"goal",12}");
        foreach (var figure in report.Figures)
        {
            var goal = figure.Goal is { } value ? string.Create(CultureInfo.InvariantCulture, $"{(figure.AtLeast ? '≥' : '≤')} {value:G6} {figure.Unit}") : "";
            Line($"{figure.Name,-52} {Number(figure.Value) + " " + figure.Unit,12} {goal,12} {figure.Met switch { true => "met", false => "MISSED", null => "" },-7} {figure.Note}");
        }

        Line($"");
        Line($"Calls of the operator for a clean stage, counted by the API server: {string.Join(", ", report.CallsPerStage.Select(call => string.Create(CultureInfo.InvariantCulture, $"{call.Key} {call.Value:F2}")))}");
        Line($"");
        Line($"{"cores used",-52} {"operator",9} {"apiserver",10} {"etcd",6} {"stand-in",9} {"others",7}");
        foreach (var phase in report.Cpu)
        {
            double Of(string name) => phase.Cores.GetValueOrDefault(name);
            Line($"{phase.Phase,-52} {Of("operator"),9:F2} {Of("apiserver"),10:F2} {Of("etcd"),6:F2} {Of("standIn"),9:F2} {Of("others"),7:F2}");
        }

        return text.ToString();
    }

    private static string Number(double value) => value.ToString(value < 10 ? "F2" : value < 100 ? "F1" : "F0", CultureInfo.InvariantCulture);
}
