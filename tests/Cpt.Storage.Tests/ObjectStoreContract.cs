using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>What every store keeps; run against a directory and against Azurite.</summary>
public abstract class ObjectStoreContract : IDisposable
{
    private readonly TemporaryDirectory _local = new();

    internal TemporaryDirectory Local => _local;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected abstract IObjectStore Open();

    public virtual void Dispose()
    {
        _local.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task AnEmptyStoreHoldsNothing()
    {
        var store = Open();
        Assert.Null(await store.FindAsync("a/b", Token));
        Assert.Null(await store.ReadAsync("a/b", Token));
        Assert.Null(await store.GetFileAsync("a/b", Local["x"], null, Token));
        Assert.Empty(await store.ListAsync("", Token).ToListAsync(Token));
        Assert.False(await store.TouchAsync("a/b", Token));
        await store.DeleteAsync("a/b", Token);
        Assert.False(await store.PutIfMatchAsync("a/b", new byte[] { 1 }, "\"0x0\"", Token));
    }

    [Fact]
    public async Task OnlyTheFirstPutIfAbsentWins()
    {
        var store = Open();
        Assert.True(await store.PutIfAbsentAsync("a/b", "one"u8.ToArray(), Token));
        Assert.False(await store.PutIfAbsentAsync("a/b", "two"u8.ToArray(), Token));
        Assert.Equal("one"u8.ToArray(), (await store.ReadAsync("a/b", Token))!.Content.ToArray());
    }

    [Fact]
    public async Task OfManyConcurrentPutsExactlyOneWinsAndItsContentStands()
    {
        var store = Open();
        var wins = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => store.PutIfAbsentAsync("race", A.Bytes(i, 3000), Token))));
        var winner = Assert.Single(Enumerable.Range(0, 16), i => wins[i]);
        Assert.Equal(A.Bytes(winner, 3000), (await store.ReadAsync("race", Token))!.Content.ToArray());
    }

    [Fact]
    public async Task APutReplacesAndAPutIfMatchOnlyTheVersionItSaw()
    {
        var store = Open();
        await store.PutAsync("doc", "one"u8.ToArray(), Token);
        var seen = (await store.ReadAsync("doc", Token))!;
        await store.PutAsync("doc", "two"u8.ToArray(), Token);
        Assert.False(await store.PutIfMatchAsync("doc", "lost"u8.ToArray(), seen.Version, Token));
        var now = (await store.ReadAsync("doc", Token))!;
        Assert.True(await store.PutIfMatchAsync("doc", "three"u8.ToArray(), now.Version, Token));
        Assert.Equal("three"u8.ToArray(), (await store.ReadAsync("doc", Token))!.Content.ToArray());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(70_000)]
    [InlineData(3_500_000)]
    public async Task AFileComesBackByteForByteWithItsDigestAndTheProgressAddsUp(int size)
    {
        var store = Open();
        var content = A.Bytes(7, size);
        var file = Local.Write("in", content);
        var sent = new Sum();
        var received = new Sum();
        Assert.True(await store.PutFileAsync("blobs/x", file, Digests.OfBytes(content), sent, Token));
        Assert.Equal(Digests.OfBytes(content), await store.GetFileAsync("blobs/x", Local["out/deep/x"], received, Token));
        Assert.Equal(content, await File.ReadAllBytesAsync(Local["out/deep/x"], Token));
        Assert.Equal((size, size), (sent.Total, received.Total));
        Assert.Equal(size, (await store.FindAsync("blobs/x", Token))!.Size);
    }

    [Fact]
    public async Task AnIntactBlobIsNotSentTwiceAndADamagedOneIsReplaced()
    {
        var store = Open();
        var content = A.Bytes(3, 50_000);
        var file = Local.Write("in", content);
        var digest = Digests.OfBytes(content);
        Assert.True(await store.PutFileAsync("blobs/x", file, digest, null, Token));
        Assert.False(await store.PutFileAsync("blobs/x", file, digest, null, Token));
        var changed = (byte[])content.Clone();
        changed[100] ^= 1;
        await store.PutAsync("blobs/x", changed, Token);
        Assert.True(await store.PutFileAsync("blobs/x", file, digest, null, Token));
        Assert.Equal(content, (await store.ReadAsync("blobs/x", Token))!.Content.ToArray());
    }

    [Fact]
    public async Task ConcurrentWritersOfOneBlobAllSucceedAndLeaveItIntact()
    {
        var store = Open();
        var content = A.Bytes(5, 2_500_000);
        var file = Local.Write("in", content);
        var sent = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => store.PutFileAsync("blobs/x", file, Digests.OfBytes(content), null, Token))));
        Assert.Contains(true, sent);
        Assert.Equal(Digests.OfBytes(content), await store.GetFileAsync("blobs/x", Local["out"], null, Token));
    }

    [Fact]
    public async Task AFileThatIsNotWhatItsDigestSaysIsNotStored()
    {
        var store = Open();
        var file = Local.Write("in", A.Bytes(1, 9000));
        var error = await Assert.ThrowsAsync<StageFailureException>(() => store.PutFileAsync("blobs/x", file, Digests.OfText("other"), null, Token));
        Assert.Contains("changed while it was committed", error.Message, StringComparison.Ordinal);
        Assert.Null(await store.FindAsync("blobs/x", Token));
    }

    [Fact]
    public async Task AListingHoldsWhatStartsWithThePrefixAndNothingElse()
    {
        var store = Open();
        foreach (var name in (string[])["stages/a/manifest.json", "stages/a/steps/5/manifest.json", "stages/ab/manifest.json", "runs/x/run.json"])
            await store.PutAsync(name, new byte[] { 1, 2 }, Token);
        var found = await store.ListAsync("stages/a/", Token).ToListAsync(Token);
        Assert.Equal(["stages/a/manifest.json", "stages/a/steps/5/manifest.json"], found.Select(item => item.Name).Order(StringComparer.Ordinal));
        Assert.All(found, item => Assert.Equal(2, item.Size));
        Assert.Equal(4, (await store.ListAsync("", Token).ToListAsync(Token)).Count);
    }

    [Fact]
    public async Task ABlobTouchedSinceItWasSeenIsNotDeleted()
    {
        var store = Open();
        await store.PutAsync("blobs/x", new byte[] { 1 }, Token);
        var seen = (await store.FindAsync("blobs/x", Token))!;
        Assert.True(await store.TouchAsync("blobs/x", Token));
        Assert.False(await store.DeleteUnchangedAsync(seen, Token));
        Assert.True(await store.DeleteUnchangedAsync((await store.FindAsync("blobs/x", Token))!, Token));
        Assert.Null(await store.FindAsync("blobs/x", Token));
    }

    [Theory]
    [InlineData("../x")]
    [InlineData("/etc/passwd")]
    [InlineData("a//b")]
    [InlineData("a/./b")]
    [InlineData("a\\b")]
    [InlineData("")]
    public async Task ANameThatCouldLeaveTheStoreIsRefused(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Open().PutAsync(name, new byte[] { 1 }, Token));

    [Fact]
    public async Task ACancelledUploadLeavesNothing()
    {
        var store = Open();
        var content = A.Bytes(2, 4_000_000);
        var file = Local.Write("in", content);
        using var stop = new CancellationTokenSource();
        var stopping = new Do(() => stop.Cancel());
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutFileAsync("blobs/x", file, Digests.OfBytes(content), stopping, stop.Token));
        Assert.Null(await store.FindAsync("blobs/x", Token));
    }

    internal sealed class Sum : IProgress<long>
    {
        private long _total;

        public long Total => _total;

        public void Report(long value) => Interlocked.Add(ref _total, value);
    }

    internal sealed class Do(Action action) : IProgress<long>
    {
        public void Report(long value) => action();
    }
}
