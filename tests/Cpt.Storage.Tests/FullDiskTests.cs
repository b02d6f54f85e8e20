using System.Diagnostics;
using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>On a real file system of one megabyte.</summary>
public sealed class FullDiskTests : IDisposable
{
    private readonly TemporaryDirectory _local = new();
    private readonly string? _refused;

    public FullDiskTests()
    {
        Directory.CreateDirectory(_local["small"]);
        _refused = Run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", _local["small"]);
    }

    public void Dispose()
    {
        if (_refused is null) Assert.Null(Run("umount", _local["small"]));
        _local.Dispose();
    }

    [Fact]
    public async Task AFullDiskIsNamedWithWhatIsNeededAndFreeAndLeavesWhatWasCommitted()
    {
        Assert.SkipWhen(_refused is not null, "mounting a small file system was refused: " + _refused);
        var store = CheckpointStore.Open("file://" + _local["small"]);
        var first = await store.CommitAsync(A.Step("aa", 1), CheckpointSource.Model(A.Model(_local["one"], 1, 300_000)), null, TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StageFailureException>(() =>
            store.CommitAsync(A.Step("aa", 2), CheckpointSource.Model(A.Model(_local["two"], 2, 900_000)), null, TestContext.Current.CancellationToken));
        Assert.Equal((69, "StorageFull"), (error.ExitCode, error.Reason));
        Assert.Contains(_local["small/blobs/sha256"], error.Message, StringComparison.Ordinal);
        Assert.Contains("900,000 bytes needed", error.Message, StringComparison.Ordinal);
        Assert.Matches(@"[1-9][\d,]+ free", error.Message);

        Assert.Equal(first.ModelDigest, Assert.Single(await store.ListStepsAsync("aa", TestContext.Current.CancellationToken)).ModelDigest);
        await store.DownloadAsync(first, _local["out"], null, null, TestContext.Current.CancellationToken);
        Assert.Empty(Directory.GetFiles(_local["small/.tmp"]));
        await store.CommitAsync(A.Step("aa", 3), CheckpointSource.Model(A.Model(_local["three"], 3, 300_000)), null, TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task AFullDiskOnTheReadersSideIsNamedToo()
    {
        Assert.SkipWhen(_refused is not null, "mounting a small file system was refused: " + _refused);
        var store = CheckpointStore.Open("file://" + _local["store"]);
        var committed = await store.CommitAsync(A.Step("aa", 1), CheckpointSource.Model(A.Model(_local["one"], 1, 3_000_000)), null, TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StageFailureException>(() =>
            store.OpenModelDirectoryAsync(committed, _local["small/cache"], null, TestContext.Current.CancellationToken));
        Assert.Equal("StorageFull", error.Reason);
        Assert.Contains("3,000,000 bytes needed", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Directory.GetFiles(_local["small"], "*", SearchOption.AllDirectories), path => path.EndsWith(".partial", StringComparison.Ordinal));
    }

    private static string? Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
            var said = process.StandardError.ReadToEnd();
            process.WaitForExit();
            return process.ExitCode == 0 ? null : said.Trim();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }
    }
}
