using System.Globalization;

namespace Cpt.Cli.Reporting;

/// <summary>The figures at the top.</summary>
internal static class SummaryTiles
{
    public static void Write(HtmlText page, ReportModel model)
    {
        var status = model.Status;
        page.Raw("<div class=\"tiles\">\n");
        Tile(page, "Average accuracy", Percent(status.AverageAccuracy), "AvgAcc: last row, learned tasks", "");
        Tile(page, "Forgetting", Points(status.Forgetting), "FM: now − right after learning", Tone(status.Forgetting));
        Tile(page, "Forgetting from peak", Points(status.ForgettingFromPeak), "FM: now − best ever", Tone(status.ForgettingFromPeak));
        if (status.ForwardTransfer is { } transfer)
        {
            Tile(page, "Forward transfer", Points(transfer), "before learning a task − base model", Tone(transfer));
        }

        if (status.Benchmarks.Count > 0)
        {
            var drift = HtmlReport.MeanDrift(status);
            Tile(page, "General skills", Points(drift), "mean change since the base model", Tone(drift));
        }

        var seconds = model.Stages.Sum(stage => stage.DurationSeconds ?? 0);
        var tokens = model.Stages.Sum(stage => stage.Tokens ?? 0);
        Tile(page, "Time", new RawHtml(Duration(seconds)), tokens > 0 ? Count(tokens) + " tokens processed" : "all stages", "");
        page.Raw("</div>\n");
    }

    public static string Duration(double seconds)
    {
        var time = TimeSpan.FromSeconds(Math.Round(seconds));
        return time.TotalHours >= 1
            ? string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min")
            : time.TotalMinutes >= 1
                ? string.Create(CultureInfo.InvariantCulture, $"{time.Minutes} min {time.Seconds} s")
                : string.Create(CultureInfo.InvariantCulture, $"{time.Seconds} s");
    }

    public static string Count(long number) => number switch
    {
        >= 1_000_000_000 => (number / 1e9).ToString("0.#", CultureInfo.InvariantCulture) + " B",
        >= 1_000_000 => (number / 1e6).ToString("0.#", CultureInfo.InvariantCulture) + " M",
        >= 10_000 => (number / 1e3).ToString("0", CultureInfo.InvariantCulture) + " k",
        _ => number.ToString(CultureInfo.InvariantCulture),
    };

    private static void Tile(HtmlText page, string name, RawHtml value, string about, string tone) =>
        page.Add($"<div class=\"tile\"><div class=\"k\">{name}</div><div class=\"v {tone}\">{value}</div><div class=\"s\">{about}</div></div>\n");

    private static string Tone(double? points) => points switch { null => "", < -2 => "bad", >= -0.5 => "good", _ => "" };

    private static RawHtml Percent(double? value) =>
        new(value is { } number ? number.ToString("0.0", CultureInfo.InvariantCulture) + "<small> %</small>" : "–");

    private static RawHtml Points(double? value) => new(value is { } number ? Signed(number) + "<small> points</small>" : "–");

    /// <summary>With a real minus sign, and without a sign for what rounds to nothing.</summary>
    public static string Signed(double value) =>
        Math.Abs(value) < 0.05 ? "0.0" : (value < 0 ? "−" : "+") + Math.Abs(value).ToString("0.0", CultureInfo.InvariantCulture);
}
