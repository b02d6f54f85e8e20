using System.Globalization;
using Cpt.Cli.Status;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace Cpt.Cli.Display;

/// <summary>What only a cluster knows of a run: its conditions, and what was noted about it lately.</summary>
internal static class ClusterSections
{
    public static IEnumerable<IRenderable> Of(StatusDocument status, DateTimeOffset now)
    {
        if (status.Conditions is { Count: > 0 } conditions)
        {
            yield return Conditions(conditions, now);
            yield return BlankLine.Instance;
        }

        if (status.Events is { Count: > 0 } events)
        {
            yield return Events(events, now);
        }
    }

    /// <summary>As kubectl's AGE: the two largest units at most.</summary>
    public static string Age(TimeSpan age) => age switch
    {
        { TotalSeconds: < 0 } => "0s",
        { TotalMinutes: < 2 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalSeconds}s"),
        { TotalMinutes: < 10 } when age.Seconds > 0 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m{age.Seconds}s"),
        { TotalHours: < 3 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalMinutes}m"),
        { TotalHours: < 8 } when age.Minutes > 0 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h{age.Minutes}m"),
        { TotalHours: < 48 } => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalHours}h"),
        { TotalDays: < 8 } when age.Hours > 0 => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d{age.Hours}h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)age.TotalDays}d"),
    };

    private static Table Conditions(IReadOnlyList<ConditionStatusDocument> conditions, DateTimeOffset now)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("condition", "status", "reason", "since", "message");
        foreach (var condition in conditions)
        {
            table.AddRow(condition.Type, Coloured(condition), Markup.Escape(condition.Reason), Age(now - condition.LastTransitionTime), Markup.Escape(condition.Message));
        }

        return table;
    }

    private static Table Events(IReadOnlyList<RunEvent> events, DateTimeOffset now)
    {
        var table = new Table().Border(TableBorder.None).AddColumns("event", "reason", "age", "about", "message");
        foreach (var what in events)
        {
            var age = Age(now - what.Time) + (what.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" (x{what.Count})") : "");
            table.AddRow(what.Type == "Warning" ? "[yellow]Warning[/]" : Markup.Escape(what.Type), Markup.Escape(what.Reason), age, Markup.Escape(what.Object ?? ""), Markup.Escape(what.Message));
        }

        return table;
    }

    /// <summary>For two of the five, True is the bad news.</summary>
    private static string Coloured(ConditionStatusDocument condition) => (condition.Type, condition.Status) switch
    {
        (Api.ConditionTypes.Stalled or Api.ConditionTypes.Suspended, Api.ConditionStatus.True) => "[yellow]True[/]",
        (Api.ConditionTypes.Stalled or Api.ConditionTypes.Suspended, _) => condition.Status,
        (_, Api.ConditionStatus.True) => "[green]True[/]",
        (_, Api.ConditionStatus.False) => "[red]False[/]",
        _ => Markup.Escape(condition.Status),
    };
}
