using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests.Running;

/// <summary>A work directory that cannot be written: the run ends and says why, it never stands still.</summary>
[Trait("Category", "EndToEnd")]
public sealed class DiskTests : IDisposable
{
    private readonly TinyRun _run = new(steps: 4);

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task ALogThatCannotBeWrittenEndsThereAndTheRunGoesOn()
    {
        var logs = Directory.CreateDirectory(Path.Combine(_run.Work, "logs")).FullName;
        File.CreateSymbolicLink(Path.Combine(logs, "tiny-parity-a1.jsonl"), "/dev/full");
        var result = await _run.RunAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal("Succeeded", (await _run.StatusAsync()).GetProperty("state").GetString());
    }

    [Fact]
    public async Task ARecordThatCannotBeWrittenEndsTheRun()
    {
        await using var cpt = _run.Start();
        await cpt.EventAsync(found => found.GetProperty("event").GetString() == "checkpoint");
        var jobs = Path.Combine(_run.Work, "jobs");
        Directory.Move(jobs, jobs + ".away");
        await File.WriteAllTextAsync(jobs, "in the way");
        var result = await cpt.EndAsync();
        Assert.True(result.ExitCode == ExitCodes.StorageUnavailable, result.ToString());
        Assert.Contains(jobs, result.Error, StringComparison.Ordinal);

        File.Delete(jobs);
        Directory.Move(jobs + ".away", jobs);
        var again = await _run.RunAsync();
        Assert.True(again.ExitCode == 0, again.ToString());
    }

    [Fact]
    public async Task ADirectoryThatCannotBeWrittenIsNotSaidToBeInUse()
    {
        Directory.CreateDirectory(Path.Combine(_run.Work, "runner.json"));
        var result = await _run.RunAsync();
        Assert.True(result.ExitCode == ExitCodes.StorageUnavailable, result.ToString());
        Assert.Contains("runner.json", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("in use", result.Error, StringComparison.Ordinal);
        // What was begun for writing it is gone.
        Assert.Equal(["lock", "runner.json"], Directory.EnumerateFileSystemEntries(_run.Work).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("run.yaml", "run.yaml is a file; name a directory")]
    [InlineData("", "--workdir: is empty; expected a directory")]
    public async Task AWorkdirThatCannotBeOneIsRefused(string workdir, string message)
    {
        var result = await _run.RunAsync("--workdir", workdir);
        Assert.True(result.ExitCode == ExitCodes.BadSpec, result.ToString());
        Assert.Contains(message, result.Error, StringComparison.Ordinal);
    }
}
