using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>A directory that is here now.</summary>
/// <param name="Directory">Absolute; read only, it may be shared.</param>
/// <param name="Digest"><see cref="Digests.OfFiles"/> over the files that count: a model's, or all of a task's.</param>
public sealed record LocalInput(string Directory, string Digest);

/// <summary>
/// Models and tasks by URI: <c>file://</c>, <c>pvc://</c> and <c>bundled://</c> are used where they lie; <c>azblob://</c> is brought into a cache.
/// Raises <see cref="StageFailureException"/>: 64 bad URI, 65 other content than expected, 66 nothing there or not a model, 69 storage.
/// </summary>
public sealed class InputResolver(StorageOptions? options = null)
{
    private readonly StorageOptions _options = options ?? new StorageOptions();

    /// <summary>True when the URI's scheme is one that this class resolves (<c>generated://</c> tasks are not).</summary>
    public static bool Handles(string uri) => uri.Split("://", 2)[0] is StorageUri.File or StorageUri.Volume or StorageUri.Azure or StorageUri.Bundled;

    /// <summary>A model's digest. For <c>azblob://</c> the model is brought into the cache first.</summary>
    /// <param name="uri">Of a Hugging Face directory.</param>
    /// <param name="cacheDirectory">Needed for <c>azblob://</c>; else it only keeps digests of large files.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<string> DigestAsync(string uri, string cacheDirectory, CancellationToken cancellationToken = default) =>
        (await MaterializeAsync(uri, cacheDirectory, null, null, cancellationToken).ConfigureAwait(false)).Digest;

    /// <summary>
    /// A model's digest, for somebody who will not read the model itself: of <c>azblob://</c>, one file at a time passes through the cache and is not kept. Digests of
    /// files are remembered by name, size and version, so that a model is hashed once.
    /// </summary>
    /// <inheritdoc cref="DigestAsync"/>
    public async Task<string> DigestOnlyAsync(string uri, string cacheDirectory, CancellationToken cancellationToken = default)
    {
        var location = StorageUri.Parse(uri);
        return location.Scheme == StorageUri.Azure
            ? await new RemoteDigests(cacheDirectory).OfAsync(new BlobObjectStore(location, _options), $"model {uri}", ModelFiles.Belongs, ModelFiles.Require, cancellationToken).ConfigureAwait(false)
            : await DigestAsync(uri, cacheDirectory, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Makes a model readable as a local directory.</summary>
    /// <param name="uri">Of a Hugging Face directory.</param>
    /// <param name="cacheDirectory">Where copies of remote models are kept and found again.</param>
    /// <param name="expectedDigest">Null: whatever is there.</param>
    /// <param name="progress">Of the download.</param>
    /// <param name="cancellationToken">Leaves no half model.</param>
    public Task<LocalInput> MaterializeAsync(
        string uri, string cacheDirectory, string? expectedDigest = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default) =>
        ResolveAsync("model", uri, cacheDirectory, ModelFiles.Belongs, ModelFiles.Require, expectedDigest, progress, cancellationToken);

    /// <summary>Makes a task's directory readable locally; all files under it count.</summary>
    public Task<LocalInput> MaterializeTaskAsync(
        string uri, string cacheDirectory, string? expectedDigest = null, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default) =>
        ResolveAsync("task", uri, cacheDirectory, static _ => true, RequireTask, expectedDigest, progress, cancellationToken);

    private async Task<LocalInput> ResolveAsync(
        string kind, string uri, string cacheDirectory, Func<string, bool> belongs, Action<IReadOnlyCollection<string>, string> require,
        string? expectedDigest, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var location = StorageUri.Parse(uri);
        var cache = new InputCache(cacheDirectory);
        LocalInput found;
        if (location.Scheme == StorageUri.Azure)
        {
            found = await cache.FetchAsync(new BlobObjectStore(location, _options), $"{kind} {uri}", kind, belongs, require, progress, cancellationToken).ConfigureAwait(false);
        }
        else
        {
            var directory = location.LocalDirectory(_options);
            var where = directory == location.Path ? $"{kind} {uri}" : $"{kind} {uri} ({directory})";
            if (!Directory.Exists(directory))
                throw StorageErrors.NotFound($"{where}: {(File.Exists(directory) ? "is a file; a directory is needed" : "no such directory")}");
            found = await LocalAsync(cache, directory, where, belongs, require, cancellationToken).ConfigureAwait(false);
        }

        if (expectedDigest is not null && found.Digest != expectedDigest)
            throw new StageFailureException(ExitCodes.BadData, kind == "model" ? "CorruptModel" : "TaskChanged",
                $"{kind} {uri}: its files were changed: expected digest {expectedDigest}, found {found.Digest}");
        return found;
    }

    private static async Task<LocalInput> LocalAsync(
        InputCache cache, string directory, string where, Func<string, bool> belongs, Action<IReadOnlyCollection<string>, string> require, CancellationToken cancellationToken)
    {
        try
        {
            var names = Directory.EnumerateFiles(directory, "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(directory, path)).Where(belongs).ToList();
            require(names, where);
            return new LocalInput(directory, await cache.DigestAsync(directory, names, cancellationToken).ConfigureAwait(false));
        }
        catch (FileNotFoundException error)
        {
            throw StorageErrors.NotFound($"{where}: {error.FileName} is a link to a file that does not exist, or was deleted just now", error);
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            throw StorageErrors.Unavailable($"{where}: cannot be read: {error.Message}", error);
        }
    }

    private static void RequireTask(IReadOnlyCollection<string> names, string where)
    {
        if (!names.Contains("task.json")) throw StorageErrors.NotFound($"{where}: no task.json; a task is a directory with task.json, train.jsonl and eval.jsonl");
    }
}
