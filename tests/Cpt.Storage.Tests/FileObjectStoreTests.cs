using Cpt.Contract;

namespace Cpt.Storage.Tests;

public sealed class FileObjectStoreTests : ObjectStoreContract
{
    private string Root => Local["store"];

    protected override IObjectStore Open() => ObjectStores.Open("file://" + Root);

    [Fact]
    public async Task BlobsAreReadOnly()
    {
        var content = A.Bytes(1, 10);
        await Open().PutFileAsync("blobs/x", Local.Write("in", content), Digests.OfBytes(content), null, Token);
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead, File.GetUnixFileMode(Path.Combine(Root, "blobs/x")));
    }

    [Fact]
    public async Task NoTemporaryFileIsLeftBehind()
    {
        var store = Open();
        var content = A.Bytes(1, 10);
        for (var i = 0; i < 2; i++)
        {
            await store.PutFileAsync("blobs/x", Local.Write("in", content), Digests.OfBytes(content), null, Token);
            await store.PutIfAbsentAsync("a/b", content, Token);
            await store.PutAsync("a/c", content, Token);
        }

        Assert.Empty(Directory.GetFiles(Path.Combine(Root, TemporaryFiles.DirectoryName)));
    }

    [Fact]
    public async Task WhatKilledWritersLeftIsInvisibleAndRemovedOnceOldAndUnlocked()
    {
        var old = Local.Write("store/.tmp/old", A.Bytes(1, 10));
        var young = Local.Write("store/.tmp/young", A.Bytes(2, 10));
        var living = Local.Write("store/.tmp/living", A.Bytes(3, 10));
        foreach (var path in (string[])[old, living]) File.SetLastWriteTimeUtc(path, DateTime.UtcNow - TemporaryFiles.AbandonedAfter - TimeSpan.FromMinutes(1));
        await using var held = new FileStream(living, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var store = Open();
        Assert.Empty(await store.ListAsync("", Token).ToListAsync(Token));
        await store.PutAsync("a", new byte[] { 1 }, Token);
        Assert.Equal((false, true, true), (File.Exists(old), File.Exists(young), File.Exists(living)));
    }

    [Fact]
    public async Task EmptyDirectoriesGoWithTheirLastObject()
    {
        var store = Open();
        await store.PutAsync("stages/a/steps/5/manifest.json", new byte[] { 1 }, Token);
        await store.DeleteAsync("stages/a/steps/5/manifest.json", Token);
        Assert.False(Directory.Exists(Path.Combine(Root, "stages")));
        Assert.True(Directory.Exists(Root));
    }

    [Fact]
    public async Task WritersAndDeletersOfNeighboursDoNotDisturbEachOther()
    {
        var store = Open();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(worker => Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                await store.PutAsync($"d/e/{worker}", new byte[] { 1 }, Token);
                await store.DeleteAsync($"d/e/{worker}", Token);
                await store.ListAsync("", Token).ToListAsync(Token);
            }
        })));
        Assert.Empty(await store.ListAsync("", Token).ToListAsync(Token));
    }

    [Fact]
    public async Task ADirectoryThatCannotBeIsNamedWithExitCode69()
    {
        var file = Local.Write("file", [1]);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => ObjectStores.Open($"file://{file}/store").PutAsync("a", new byte[] { 1 }, Token));
        Assert.Equal((69, "StorageUnavailable"), (error.ExitCode, error.Reason));
        Assert.Contains($"{file}/store", error.Message, StringComparison.Ordinal);
    }
}
