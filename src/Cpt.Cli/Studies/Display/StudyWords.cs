using System.Globalization;
using Cpt.Cli.Display;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;

namespace Cpt.Cli.Studies.Display;

/// <summary>What is worth a line when many runs go on at once.</summary>
internal static class StudyWords
{
    public static string Beginning(StudySource source, StudyDirectory place, int concurrency, int threads) => string.Create(
        CultureInfo.InvariantCulture,
        $"{source.Name}: {source.Study.Spec.Variants.Count} variants × {source.Study.Spec.Seeds.Count} seeds = {source.Runs.Count} runs, {concurrency} side by side with {threads} thread{(threads == 1 ? "" : "s")} each, kept in {WorkDirectory.Shorten(place.Root)}");

    /// <summary>Null for what only a single run's log needs.</summary>
    public static string? Of(RunnerEvent what) => what switch
    {
        { Event: "run" } => "begins: " + what.Message,
        { Event: "finished", State: "succeeded", Status: { } status } => "finished: " + Figures(status),
        { Event: "finished" } => $"{what.State}{(what.Message is { } message ? ": " + message : "")}",
        { Event: "stage", State: "started" or "evaluating" } => null,
        { Event: "checkpoint" or "resumed" } => null,
        _ => EventText.Of(what),
    };

    private static string Figures(Status.StatusDocument status) => string.Join(", ", (string[])
    [
        .. status.AverageAccuracy is { } accuracy ? [string.Create(CultureInfo.InvariantCulture, $"AvgAcc {accuracy:0.0} %")] : Array.Empty<string>(),
        .. status.Forgetting is { } forgetting ? [$"FM {SummaryTiles.Signed(forgetting)}"] : Array.Empty<string>(),
        .. RunMeasures.GeneralAfter(status) is { } general ? [string.Create(CultureInfo.InvariantCulture, $"general skills {general:0.0} %")] : Array.Empty<string>(),
    ]);
}
