using Cpt.Contract;
using Cpt.Trainer.Ending;
using Cpt.Trainer.Workers;

namespace Cpt.Trainer.Tests;

/// <summary>What several ends say of the attempt.</summary>
public sealed class WorkerEndTests
{
    [Fact]
    public void WhenAllAreDoneTheAttemptIs() =>
        Assert.Equal(new StageEnding(ExitCodes.Done, "Completed", ""), WorkerEnd.Of([Ended(0, ExitCodes.Done, at: 2), Ended(1, ExitCodes.Done, at: 1)], 2, stopAsked: false));

    [Fact]
    public void TheOneThatWasKilledIsTheCauseAlthoughItWasNoticedLast()
    {
        var ending = WorkerEnd.Of([Ended(0, ExitCodes.Internal, at: 1, Lost.Reason, "worker 1 is gone"), new WorkerEnd(1, 128 + 9, null, At: 2)], 2, stopAsked: false);

        Assert.Equal((ExitCodes.Internal, "WorkerLost"), (ending.ExitCode, ending.Reason));
        Assert.StartsWith("worker 1 of 2 was killed by signal 9 (SIGKILL)", ending.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OneThatTheLauncherItselfKilledIsNotTheCause()
    {
        var ending = WorkerEnd.Of([new WorkerEnd(0, 128 + 9, null, At: 9, KilledByLauncher: true), Ended(1, ExitCodes.BadData, at: 1, "BadImage", "image 'x' is cut")], 2, stopAsked: false);

        Assert.Equal(new StageEnding(ExitCodes.BadData, "BadImage", "image 'x' is cut"), ending);
    }

    [Fact]
    public void OfSeveralThatSaidWhyTheFirstCounts()
    {
        var ending = WorkerEnd.Of([Ended(0, ExitCodes.BadData, at: 2, "NonFiniteReward", "worker 1 of 2: …"), Ended(1, ExitCodes.BadData, at: 1, "NonFiniteReward", "…")], 2, stopAsked: false);

        Assert.Equal("…", ending.Message);
    }

    [Fact]
    public void ASignalThatMetAWorkerBeforeItListenedIsAStop()
    {
        WorkerEnd[] ends = [Ended(0, ExitCodes.Internal, at: 2, Lost.Reason, "worker 1 is gone"), new WorkerEnd(1, 128 + 15, null, At: 1)];

        Assert.Equal(ExitCodes.Stopped, WorkerEnd.Of(ends, 2, stopAsked: true).ExitCode);
        Assert.Equal("worker 1 of 2 was ended by signal 15; the other workers ended with it", WorkerEnd.Of(ends, 2, stopAsked: false).Message);
    }

    [Fact]
    public void AResultOfAnotherExitCodeWasNotItsLastWord() =>
        Assert.Equal(
            "worker 1 of 2 was ended by signal 6; the other workers ended with it",
            WorkerEnd.Of([Ended(0, ExitCodes.Done, at: 1), new WorkerEnd(1, 134, A.Result(), At: 2)], 2, stopAsked: false).Message);

    private static WorkerEnd Ended(int rank, int code, long at, string reason = "Completed", string? message = null) =>
        new(rank, code, A.Result(message) with { ExitCode = code, Reason = reason }, at);
}
