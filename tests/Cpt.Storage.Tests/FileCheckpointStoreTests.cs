namespace Cpt.Storage.Tests;

public sealed class FileCheckpointStoreTests : CheckpointStoreContract
{
    protected override IObjectStore Objects => ObjectStores.Open("file://" + Local["store"]);

    [Fact]
    public async Task ACommitMakesSharedBlobsYoungSoThatNoSweepTakesThemBeforeItsManifest()
    {
        var time = new ManualTime();
        var options = new StorageOptions { Time = time };
        var objects = ObjectStores.Open("file://" + Local["store"], options);
        var store = new CheckpointStore(objects, options);
        var weights = await CommitAsync(A.Step("aa", 10), seed: 1);
        await store.ApplyRetentionAsync("aa", 0, Token);
        time.Advance(TimeSpan.FromMinutes(30));
        // The moment between another run's upload, which finds the blob there, and its manifest.
        var blob = weights.Files.Single(file => file.Path == "model.safetensors");
        Assert.False(await objects.PutFileAsync(StorageLayout.Blob(blob.Digest), Local["model1/model.safetensors"], blob.Digest, null, Token));
        await store.SweepAsync(Token);
        Assert.NotNull(await objects.FindAsync(StorageLayout.Blob(blob.Digest), Token));
        await CommitAsync(A.Final("bb"), seed: 1);
        time.Advance(TimeSpan.FromMinutes(30));
        await store.SweepAsync(Token);
        await store.DownloadAsync((await store.ReadManifestAsync("bb", Token))!, Local["out"], null, null, Token);
        Assert.Empty(await objects.ListAsync(StorageLayout.Garbage, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task SweepsBesideCommittersNeverBreakACheckpoint()
    {
        // Sixteen stages that keep making and dropping the same few blobs, and a sweeper without any grace but the one the protocol needs.
        var time = new ManualTime();
        var options = new StorageOptions { Time = time };
        using var stop = new CancellationTokenSource();
        var sweeper = Task.Run(async () =>
        {
            var store = new CheckpointStore(ObjectStores.Open("file://" + Local["store"], options), options) { Grace = TimeSpan.FromSeconds(20) };
            while (!stop.IsCancellationRequested) await store.SweepAsync(Token);
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(async () =>
        {
            var store = new CheckpointStore(ObjectStores.Open("file://" + Local["store"], options), options) { Grace = TimeSpan.FromSeconds(20) };
            for (var round = 0; round < 15; round++)
            {
                var model = A.Model(Local[$"w{worker}"], seed: round % 3);
                var committed = await store.CommitAsync(A.Step($"s{worker}", round), CheckpointSource.Model(model), null, Token);
                await store.DownloadAsync(committed, Local[$"out{worker}"], null, null, Token);
                await store.ApplyRetentionAsync($"s{worker}", 0, Token);
                time.Advance(TimeSpan.FromSeconds(2));
            }
        })));
        await stop.CancelAsync();
        await sweeper;
    }
}
