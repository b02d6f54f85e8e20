using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    /// <summary>
    /// A checkpoint's model as a local directory that may be shared and memory-mapped, but not written to. Brought once into
    /// <c>&lt;cacheDirectory&gt;/models/&lt;modelDigest&gt;</c>; at every later call each file is verified against its digest, and damaged ones are brought again.
    /// </summary>
    /// <exception cref="StageFailureException">65: a blob is damaged; 69: storage, or the cache's disk.</exception>
    public async Task<string> OpenModelDirectoryAsync(
        CheckpointManifest manifest, string cacheDirectory, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var directory = Path.Combine(cacheDirectory, "models", manifest.ModelDigest);
        await DownloadAsync(manifest, directory, [FileRole.Model], progress, cancellationToken).ConfigureAwait(false);
        return directory;
    }
}
