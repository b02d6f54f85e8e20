using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    /// <summary>
    /// Brings a checkpoint's files into a directory and verifies each against its digest before it gets its name there. Files that already lie there with
    /// the right content stay; others of that name are replaced; what else is there is left alone.
    /// </summary>
    /// <param name="manifest">A committed checkpoint.</param>
    /// <param name="directory">Created when missing.</param>
    /// <param name="roles">Which files; null: all.</param>
    /// <param name="progress">Told after every block.</param>
    /// <param name="cancellationToken">Leaves whole files only.</param>
    /// <exception cref="StageFailureException">65, naming blob, expected and found digest or size; 69.</exception>
    public async Task DownloadAsync(
        CheckpointManifest manifest, string directory, IReadOnlyCollection<FileRole>? roles = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var files = manifest.Files.Where(file => roles is null || roles.Contains(file.Role)).ToList();
        var meter = new TransferMeter(files.Sum(file => file.Size), progress);
        PartialFiles.RemoveAbandoned(directory, _options.Time);
        foreach (var file in files)
        {
            var target = Path.Combine(directory, file.Path);
            try
            {
                if (await IsAlreadyAsync(target, file, cancellationToken).ConfigureAwait(false))
                {
                    meter.For(file.Path)?.Report(file.Size);
                    continue;
                }

                Directory.CreateDirectory(Path.GetDirectoryName(target)!);
                await FetchAsync(file, target, meter.For(file.Path), cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (StorageErrors.IsLocal(error))
            {
                throw StorageErrors.Local(error, target, file.Size);
            }
        }
    }

    private static async Task<bool> IsAlreadyAsync(string path, CheckpointFile file, CancellationToken cancellationToken) =>
        new FileInfo(path) is { Exists: true, Length: var length } && length == file.Size
        && await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false) == file.Digest;

    private async Task FetchAsync(CheckpointFile file, string target, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var name = StorageLayout.Blob(file.Digest);
        var partial = PartialFiles.NameFor(target);
        try
        {
            var found = await _objects.GetFileAsync(name, partial, progress, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.Corrupt($"{_objects.Describe(name)}: {file.Path} of this checkpoint is missing: the blob is gone, expected digest {file.Digest} ({file.Size} bytes)");
            var size = new FileInfo(partial).Length;
            if (found != file.Digest)
                throw StorageErrors.Corrupt($"{_objects.Describe(name)}: {file.Path} was changed or damaged: expected digest {file.Digest} ({file.Size} bytes), found {found} ({size} bytes)");
            File.Move(partial, target, overwrite: true);
        }
        finally
        {
            File.Delete(partial);
        }
    }
}
