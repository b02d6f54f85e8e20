namespace Cpt.Storage.Tests;

public sealed class BlobCheckpointStoreTests(Azurite azurite) : CheckpointStoreContract
{
    private readonly string _uri = $"azblob://{azurite.NextContainer()}/checkpoints";

    protected override IObjectStore Objects
    {
        get
        {
            Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");
            return ObjectStores.Open(_uri, azurite.Options());
        }
    }
}
