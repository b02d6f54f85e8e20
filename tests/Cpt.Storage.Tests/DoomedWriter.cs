using System.Diagnostics;
using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>A process of its own that commits one checkpoint after another, keeps two, and says so, until somebody kills it.</summary>
internal static class DoomedWriter
{
    public const string Argument = "--doomed-writer";
    public const string StageHash = "doomed";

    public static async Task WriteForeverAsync(string uri, string directory, int seed)
    {
        var store = CheckpointStore.Open(uri);
        for (var step = 1; ; step++)
        {
            A.Model(directory, seed: step, weightBytes: 300_000);
            File.WriteAllBytes(Path.Combine(directory, "optimizer.state"), A.Bytes(1000 + step, 600_000));
            var files = CheckpointSource.Model(directory).Append(new("optimizer.state", Path.Combine(directory, "optimizer.state"), FileRole.State));
            await store.CommitAsync(A.Step(StageHash, step) with { Attempt = seed }, [.. files]);
            Console.Out.WriteLine(step);
            await Console.Out.FlushAsync();
            await store.ApplyRetentionAsync(StageHash, 2);
        }
    }

    /// <summary>Starts the writer and kills it right after it reported a number of commits, that is, in the middle of what it did next.</summary>
    public static async Task StartAndKillAsync(string uri, string directory, int seed, int afterCommits)
    {
        var host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true, UseShellExecute = false };
        if (Path.GetFileNameWithoutExtension(host) == "dotnet") start.ArgumentList.Add(typeof(DoomedWriter).Assembly.Location);
        foreach (var argument in (string[])[Argument, uri, directory, seed.ToString(System.Globalization.CultureInfo.InvariantCulture)]) start.ArgumentList.Add(argument);
        using var child = Process.Start(start)!;
        for (var commits = 0; commits < afterCommits; commits++)
            Assert.NotNull(await child.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        // Somewhere inside the next commit: a different place each time.
        Thread.SpinWait(seed * 150_000);
        child.Kill();
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
