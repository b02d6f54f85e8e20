namespace Cpt.Cli.Studies;

/// <summary>One column of the tables.</summary>
/// <param name="Key">In JSON and CSV.</param>
/// <param name="Title">For people.</param>
/// <param name="Of">Of a run that has finished; null where it is not known.</param>
/// <param name="Unit">What the number counts.</param>
internal sealed record Measure(string Key, string Title, Func<StudyRunFacts, double?> Of, MeasureUnit Unit)
{
    public static readonly Measure AverageAccuracy = new("averageAccuracy", "AvgAcc", run => run.Status.AverageAccuracy, MeasureUnit.Percent);

    public static readonly Measure Forgetting = new("forgetting", "FM", run => run.Status.Forgetting, MeasureUnit.Points);

    public static readonly Measure General = new("general", "general skills", run => RunMeasures.GeneralAfter(run.Status), MeasureUnit.Percent);

    /// <summary>All, in the order of the tables.</summary>
    public static readonly IReadOnlyList<Measure> All =
    [
        new("newTask", "new task", run => RunMeasures.NewTask(run.Status), MeasureUnit.Percent),
        AverageAccuracy,
        Forgetting,
        new("forgettingFromPeak", "FM from peak", run => run.Status.ForgettingFromPeak, MeasureUnit.Points),
        new("forwardTransfer", "FWT", run => run.Status.ForwardTransfer, MeasureUnit.Points),
        General,
        new("generalChange", "change of general", run => RunMeasures.GeneralChange(run.Status), MeasureUnit.Points),
        new("kept", "kept by the filter", run => 100 * run.KeptFraction, MeasureUnit.Percent),
        new("steps", "steps", run => RunMeasures.Steps(run.Status), MeasureUnit.Count),
        new("tokens", "tokens", run => run.Tokens, MeasureUnit.Count),
        new("seconds", "seconds", run => run.Seconds, MeasureUnit.Count),
    ];

    /// <summary>Whose differences from the baseline are judged: the others are costs, or say the same in another way.</summary>
    public static readonly IReadOnlyList<Measure> Judged = [AverageAccuracy, Forgetting, General];
}

internal enum MeasureUnit
{
    Percent,

    /// <summary>Differences of percents, with a sign.</summary>
    Points,
    Count,
}
