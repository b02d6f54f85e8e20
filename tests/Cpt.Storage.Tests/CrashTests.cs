using Cpt.Contract;

namespace Cpt.Storage.Tests;

public sealed class CrashTests
{
    [Fact]
    public async Task AWriterKilledAtAnyMomentLeavesOnlyWholeCheckpointsAndTheNextOneGoesOn()
    {
        using var local = new TemporaryDirectory();
        var uri = "file://" + local["store"];
        var warnings = new List<string>();
        var store = CheckpointStore.Open(uri, new StorageOptions { OnWarning = warnings.Add });
        for (var round = 1; round <= 8; round++)
        {
            await DoomedWriter.StartAndKillAsync(uri, local["model"], seed: round, afterCommits: 1 + (round % 4));
            var steps = await store.ListStepsAsync(DoomedWriter.StageHash, TestContext.Current.CancellationToken);
            Assert.NotEmpty(steps);
            foreach (var manifest in steps) await store.DownloadAsync(manifest, local[$"out{round}-{manifest.Step}"], cancellationToken: TestContext.Current.CancellationToken);
        }

        Assert.Empty(warnings);
        foreach (var blob in Directory.GetFiles(local["store/blobs/sha256"]))
            Assert.Equal(Path.GetFileName(blob), await Digests.OfFileAsync(blob, TestContext.Current.CancellationToken));
    }
}
