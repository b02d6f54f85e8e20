using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>Opens the store behind a storage URI. Nothing is contacted before the first operation.</summary>
public static class ObjectStores
{
    /// <param name="uri"><c>file:///abs</c>, <c>pvc://claim/path</c> or <c>azblob://container/path</c>.</param>
    /// <param name="options">Null: the process's environment.</param>
    /// <exception cref="StageFailureException">64 for a URI that cannot be storage; 69 when its credentials or its volume are missing.</exception>
    public static IObjectStore Open(string uri, StorageOptions? options = null)
    {
        options ??= new StorageOptions();
        var location = StorageUri.Parse(uri);
        return location.Scheme switch
        {
            StorageUri.Azure => new BlobObjectStore(location, options),
            StorageUri.File or StorageUri.Volume => new FileObjectStore(location, location.LocalDirectory(options), options),
            _ => throw new StageFailureException(ExitCodes.BadSpec, "BadStorageUri",
                $"storage {uri}: {location.Scheme}:// cannot be written to; use file:///directory, pvc://claim/path or azblob://container/path"),
        };
    }
}
