using System.Diagnostics;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Planning;

namespace Cpt.Cli.Tests.Running;

public sealed class ProcessRecordTests : IDisposable
{
    private readonly WorkDirectory _work = new(Directory.CreateTempSubdirectory("cpt-records-").FullName);

    public void Dispose() => Directory.Delete(_work.Root, recursive: true);

    [Fact]
    public void AProcessIsKnownByItsStartAndNotByItsNumberAlone()
    {
        var mine = ProcessIdentity.Current;
        Assert.True(mine.IsAlive);
        Assert.False((mine with { StartTime = mine.StartTime - 1 }).IsAlive);
        Assert.False((mine with { Boot = "another boot" }).IsAlive);
    }

    [Fact]
    public async Task AProcessThatEndedIsNotAlive()
    {
        using var other = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, UseShellExecute = false })!;
        var identity = ProcessIdentity.Of(other.Id)!;
        Assert.True(identity.IsAlive);
        other.StandardInput.Close();
        await other.WaitForExitAsync();
        Assert.False(identity.IsAlive);
    }

    [Fact]
    public void TheLockIsFreeAgainWhenItsHolderLetsGo()
    {
        using (WorkLock.Take(_work))
        {
            var error = Assert.Throws<CliException>(() => WorkLock.Take(_work));
            Assert.Contains($"process {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
        }

        WorkLock.Take(_work).Dispose();
    }

    [Theory]
    [InlineData(null, JobState.Preempted, AttemptEnds.RunnerGone)]
    [InlineData(ExitCodes.Done, JobState.Succeeded, "Completed")]
    [InlineData(ExitCodes.BadData, JobState.Failed, "CorruptModel")]
    [InlineData(ExitCodes.Internal, JobState.Preempted, "Crashed")]
    public void ARecordWhoseRunnerIsGoneIsSettledByWhatItsTrainerSaidLast(int? exitCode, object state, string reason)
    {
        Record().Save(_work);
        if (exitCode is { } code)
        {
            var result = new StageResult { Stage = "one", Attempt = 1, StageHash = new string('a', 40), ExitCode = code, Reason = reason };
            AtomicFile.Write(_work.TerminationFile("demo-one-a1"), System.Text.Json.JsonSerializer.Serialize(result, ContractJson.Default.StageResult));
        }

        using var jobs = new LocalJobs(_work, new LocalEnvironment(_work), _ => 1, TimeProvider.System, (_, _, _) => { });
        jobs.Recover();
        var settled = JobRecord.LoadAll(_work).Single();
        Assert.Equal(((JobState)state, reason), (settled.State, settled.Reason));
    }

    [Fact]
    public void ATerminationMessageCutShortByAKillIsNoMessage()
    {
        Record().Save(_work);
        AtomicFile.Write(_work.TerminationFile("demo-one-a1"), """{"version":1,"stage":"one","exitC""");
        using var jobs = new LocalJobs(_work, new LocalEnvironment(_work), _ => 1, TimeProvider.System, (_, _, _) => { });
        jobs.Recover();
        Assert.Equal(JobState.Preempted, JobRecord.LoadAll(_work).Single().State);
    }

    [Fact]
    public async Task ATrainerThatOutlivedItsRunnerIsEndedBeforeTheNextOneStarts()
    {
        using var orphan = Process.Start(new ProcessStartInfo("cat") { RedirectStandardInput = true, UseShellExecute = false })!;
        (Record() with { Trainer = ProcessIdentity.Of(orphan.Id) }).Save(_work);
        using var jobs = new LocalJobs(_work, new LocalEnvironment(_work), _ => 1, TimeProvider.System, (_, _, _) => { });
        jobs.Recover();
        await orphan.WaitForExitAsync();
        Assert.Equal(128 + 9, orphan.ExitCode);
    }

    [Theory]
    [InlineData(Reasons.InvalidSpec, null, 64)]
    [InlineData(Reasons.StageChanged, null, 64)]
    [InlineData(Reasons.InputNotFound, null, 66)]
    [InlineData(Reasons.InputInvalid, null, 65)]
    [InlineData(Reasons.StageFailed, 65, 65)]
    [InlineData(Reasons.RetriesExhausted, 69, 69)]
    [InlineData(Reasons.RetriesExhausted, 137, 1)]
    [InlineData(Reasons.GateFailed, null, 1)]
    public void TheShellIsToldWhyARunFailed(string reason, int? lastExit, int expected) => Assert.Equal(expected, RunExit.Of(new ContinualRunStatus
    {
        Reason = reason,
        Stages = [new StageStatus { Name = "one", Method = Method.SFT, State = StageState.Failed, LastExitCode = lastExit }],
    }));

    private static JobRecord Record() => new()
    {
        Name = "demo-one-a1",
        Stage = "one",
        StageHash = new string('a', 40),
        Attempt = 1,
        State = JobState.Running,
        Runner = ProcessIdentity.Current with { StartTime = 1 },
        StartedAt = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
    };
}
