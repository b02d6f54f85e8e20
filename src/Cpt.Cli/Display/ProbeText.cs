using System.Globalization;
using System.Text;
using Cpt.Contract;

namespace Cpt.Cli.Display;

/// <summary>A probe's report for a person.</summary>
internal static class ProbeText
{
    public static string Of(string stage, ProbeReport report)
    {
        var text = new StringBuilder();
        void Line(FormattableString line) => text.AppendLine(line.ToString(CultureInfo.InvariantCulture));
        Line($"{report.Summary}");
        Line($"");
        foreach (var reason in report.Reasons)
        {
            Line($"- {reason}");
        }

        Line($"");
        Line($"stage {stage}, task {report.Task}, {report.Samples} train samples, {report.Rollouts} rollouts each");
        Line($"  solved          {Percent(report.SolvedRate)} of rollouts");
        Line($"  groups          {Percent(report.AllWrong)} all wrong, {Percent(report.Mixed)} mixed, {Percent(report.AllRight)} all right; rewards differ in {Percent(report.WithGradient)}");
        Line($"  asked-for form  {Percent(report.FormatRate)} of rollouts");
        Line($"  length          {report.ResponseTokens:0.#} tokens, mean; {Percent(report.CutRate)} cut");
        Line($"");
        Line($"for example sample {report.Example.Sample}, solved by {report.Example.Solved} of {report.Rollouts}:");
        Line($"  prompt    {Quoted(report.Example.Prompt)}");
        Line($"  response  {Quoted(report.Example.Response)}  (reward {report.Example.Reward:0.###})");
        text.Append("  right is  ").Append(Quoted(report.Example.Expected));
        return text.ToString();
    }

    private static string Percent(double share) => string.Create(CultureInfo.InvariantCulture, $"{100 * share:0.0} %");

    private static string Quoted(string text) => '"' + text.Replace("\n", "\\n", StringComparison.Ordinal) + '"';
}
