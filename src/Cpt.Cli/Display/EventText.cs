using System.Globalization;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Display;

/// <summary>An event in a few words; null for those not worth a line of their own.</summary>
internal static class EventText
{
    public static string? Of(RunnerEvent what) => what.Event switch
    {
        "stage" => $"{what.State}: {what.Message}",
        "message" => what.Message,
        "resumed" or "checkpoint" or "probe" => what.Message,
        "result" when what.Level == "error" => what.Message,
        _ => null,
    };

    /// <summary>What the bar cannot show: the measure, the speed, the time left.</summary>
    public static string Figures(StageProgress progress)
    {
        var parts = new List<string>();
        if (progress.Reward is { } reward)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"reward {reward:0.000}"));
        }
        else if (progress.Loss is { } loss)
        {
            parts.Add(string.Create(CultureInfo.InvariantCulture, $"loss {loss:0.000}"));
        }

        if (progress.TokensPerSecond is { } speed)
        {
            parts.Add(SummaryTiles.Count((long)speed) + " tokens/s");
        }

        if (progress is { Phase: TrainerPhase.Training, SecondsLeft: { } left })
        {
            parts.Add(SummaryTiles.Duration(left) + " left");
        }

        return string.Join(", ", parts);
    }

    public static string Phase(StageProgress progress) => progress.Phase switch
    {
        TrainerPhase.Evaluating when progress.EvaluatingTask is { } task => $"scoring {task}",
        TrainerPhase.Evaluating => "scoring",
        TrainerPhase.Committing => "saving",
        TrainerPhase.Training => "training",
        TrainerPhase.Sampling when progress is { Sampled: { } done, ToSample: { } due } => string.Create(CultureInfo.InvariantCulture, $"sampling train samples, {done} of {due}"),
        TrainerPhase.Sampling => "sampling train samples",
        TrainerPhase.Probing => "probing",
        TrainerPhase.Preflight => "preflight",
        TrainerPhase.Stopping => "stopping",
        TrainerPhase.Done => "done",
        _ => "loading",
    };
}
