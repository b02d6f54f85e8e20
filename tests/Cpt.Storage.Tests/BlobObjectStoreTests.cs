namespace Cpt.Storage.Tests;

public sealed class BlobObjectStoreTests(Azurite azurite) : ObjectStoreContract
{
    private readonly string _uri = $"azblob://{azurite.NextContainer()}/some/path";

    protected override IObjectStore Open()
    {
        Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");
        // Small blocks, so that small files travel in many.
        return ObjectStores.Open(_uri, azurite.Options(new StorageOptions { BlockBytes = 128 << 10, Concurrency = 4, ListPageSize = 10 }));
    }

    [Fact]
    public async Task AMissingContainerIsCreatedByTheFirstWriteAndOnlyByThat()
    {
        var store = Open();
        var container = azurite.Service.GetBlobContainerClient(StorageUri.Parse(_uri).Root);
        Assert.Null(await store.ReadAsync("a", Token));
        Assert.False(await container.ExistsAsync(Token));
        Assert.True(await store.PutIfAbsentAsync("a", new byte[] { 1 }, Token));
        Assert.True(await container.GetBlobClient("some/path/a").ExistsAsync(Token));
    }

    [Fact]
    public async Task AListingGoesOnOverPages()
    {
        var store = Open();
        foreach (var i in Enumerable.Range(0, 25)) await store.PutAsync($"many/{i}", new byte[] { 1 }, Token);
        Assert.Equal(25, (await store.ListAsync("", Token).ToListAsync(Token)).DistinctBy(item => item.Name).Count());
    }
}
