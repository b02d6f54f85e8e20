using System.Globalization;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Workers;

/// <summary>How one worker ended.</summary>
/// <param name="Rank">Among all workers.</param>
/// <param name="ExitCode">.NET reports death by signal n as 128 + n.</param>
/// <param name="Result">What it said; null for nothing.</param>
/// <param name="At">When, on some clock.</param>
/// <param name="KilledByLauncher">It was still there long after another had ended.</param>
internal sealed record WorkerEnd(int Rank, int ExitCode, StageResult? Result, long At, bool KilledByLauncher = false)
{
    /// <summary>It said nothing of its end.</summary>
    private bool IsSilent => Result is null || Result.ExitCode != ExitCode;

    /// <summary>
    /// One ending of them all. Whoever said nothing is the cause: the others only noticed. Otherwise whoever ended first, for the others were told by it.
    /// </summary>
    /// <param name="ends">Of all workers of the node.</param>
    /// <param name="size">Workers of all nodes.</param>
    /// <param name="stopAsked">SIGTERM was handed on: a worker that it met before it could listen has ended as asked.</param>
    public static StageEnding Of(IReadOnlyList<WorkerEnd> ends, int size, bool stopAsked)
    {
        if (stopAsked && ends.Any(end => end.ExitCode == 128 + 15))
        {
            return new StageEnding(ExitCodes.Stopped, "Stopped", "stopped on request before all workers were ready");
        }

        if (ends.FirstOrDefault(end => end is { ExitCode: not ExitCodes.Done, IsSilent: true, KilledByLauncher: false }) is { } silent)
        {
            return new StageEnding(ExitCodes.Internal, Lost.Reason, silent.Describe(size));
        }

        var first = ends.Where(end => end is { ExitCode: not ExitCodes.Done, KilledByLauncher: false }).MinBy(end => end.At);
        return first is null
            ? new StageEnding(ExitCodes.Done, "Completed", "")
            : new StageEnding(first.ExitCode, first.Result!.Reason, first.Result.Message ?? "");
    }

    private string Describe(int size)
    {
        const int killed = 128 + 9;
        var how = ExitCode switch
        {
            killed => "was killed by signal 9 (SIGKILL): by somebody, or by the system because memory ran out",
            > 128 => string.Create(CultureInfo.InvariantCulture, $"was ended by signal {ExitCode - 128}"),
            _ => string.Create(CultureInfo.InvariantCulture, $"ended with exit code {ExitCode} and said nothing"),
        };
        return string.Create(CultureInfo.InvariantCulture, $"worker {Rank} of {size} {how}; the other workers ended with it");
    }
}
