using System.Globalization;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Display;

/// <summary>Scores arrive one task at a time; for people they are one line, a row of the matrix.</summary>
internal sealed class ScoreLine
{
    private readonly List<TaskScore> _scores = [];
    private bool _base;

    /// <summary>The row that is complete before this event, if it ends one.</summary>
    public string? Before(RunnerEvent what)
    {
        if (what is { Event: "evaluation", Score: { } score })
        {
            _base = what.Progress is { Step: 0 };
            _scores.Add(score);
            return null;
        }

        // The next task to score is announced as a phase.
        if (_scores.Count == 0 || what is { Event: "phase", Progress.Phase: TrainerPhase.Evaluating } or { Event: "step" })
        {
            return null;
        }

        var line = (_base ? "the base model scores " : "scores ") + string.Join(", ", _scores.Select(Text));
        _scores.Clear();
        return line;
    }

    /// <summary>Rounded as in the status, so that a score is the same number in the line and in the table.</summary>
    private static string Text(TaskScore score)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{score.Task} {Math.Round(score.Accuracy * 100, 2, MidpointRounding.AwayFromZero):0.0} %");
        return score.LostFromPrevious is > 0 ? text + string.Create(CultureInfo.InvariantCulture, $" ({score.LostFromPrevious} lost, {score.GainedFromPrevious ?? 0} gained)") : text;
    }
}
