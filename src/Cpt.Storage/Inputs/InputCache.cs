using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>
/// Local copies of remote directories, and digests of large local files. An entry is written beside its place and renamed into it when it is whole.
/// <c>inputs/&lt;key&gt;/</c> with key = digest of the remote names, sizes and versions, so a changed remote directory is another entry.
/// </summary>
internal sealed class InputCache(string directory)
{
    /// <summary>Smaller files are hashed faster than a memo is read.</summary>
    private const long WorthRemembering = 64 << 20;

    public async Task<LocalInput> FetchAsync(
        IObjectStore store, string where, string kind, Func<string, bool> belongs, Action<IReadOnlyCollection<string>, string> require,
        IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        var remote = new List<ObjectInfo>();
        await foreach (var item in store.ListAsync("", cancellationToken).ConfigureAwait(false))
            if (belongs(item.Name) && ObjectName.IsSafe(item.Name)) remote.Add(item);
        remote.Sort((one, other) => string.CompareOrdinal(one.Name, other.Name));
        if (remote.Count == 0) throw StorageErrors.NotFound($"{where}: nothing is there ({store.Location}), or nothing that belongs to a {kind}");
        require([.. remote.Select(item => item.Name)], where);
        var key = Digests.OfText(string.Join('\n', remote.Select(item => string.Create(CultureInfo.InvariantCulture, $"{item.Name} {item.Size} {item.Version}")).Prepend(store.Location)));
        var entry = Path.Combine(directory, "inputs", key);
        var names = remote.Select(item => item.Name).ToList();
        if (!Directory.Exists(entry)) await DownloadAsync(store, remote, entry, progress, cancellationToken).ConfigureAwait(false);
        return new LocalInput(entry, await DigestAsync(entry, names, cancellationToken).ConfigureAwait(false));
    }

    /// <summary><see cref="Digests.OfFiles"/>; a large file's digest is remembered by path, size and time of change.</summary>
    public async Task<string> DigestAsync(string root, IReadOnlyCollection<string> names, CancellationToken cancellationToken)
    {
        var files = new List<(string, string)>(names.Count);
        foreach (var name in names) files.Add((name, await FileDigestAsync(Path.Combine(root, name), cancellationToken).ConfigureAwait(false)));
        return Digests.OfFiles(files);
    }

    private async Task<string> FileDigestAsync(string path, CancellationToken cancellationToken)
    {
        var file = new FileInfo(path);
        if (file.Length < WorthRemembering) return await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
        var memo = Path.Combine(directory, "digests", Digests.OfText(path) + ".json");
        if (Remembered(memo) is { } known && known.Size == file.Length && known.Changed == file.LastWriteTimeUtc.Ticks && ObjectName.IsDigest(known.Digest)) return known.Digest;
        var digest = await Digests.OfFileAsync(path, cancellationToken).ConfigureAwait(false);
        WriteWhole(memo, JsonSerializer.SerializeToUtf8Bytes(new FileDigest(path, file.Length, file.LastWriteTimeUtc.Ticks, digest), InputCacheJson.Default.FileDigest));
        return digest;
    }

    private static FileDigest? Remembered(string memo)
    {
        try
        {
            return File.Exists(memo) ? JsonSerializer.Deserialize(File.ReadAllBytes(memo), InputCacheJson.Default.FileDigest) : null;
        }
        catch (Exception error) when (error is JsonException || StorageErrors.IsLocal(error))
        {
            return null;
        }
    }

    private static void WriteWhole(string path, byte[] content)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var partial = $"{path}.{Guid.NewGuid():N}";
            File.WriteAllBytes(partial, content);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            // Only the time of the next hashing is lost.
        }
    }

    private static async Task DownloadAsync(IObjectStore store, List<ObjectInfo> remote, string entry, IProgress<TransferProgress>? progress, CancellationToken cancellationToken)
    {
        PartialFiles.RemoveAbandoned(Path.GetDirectoryName(entry)!, TimeProvider.System);
        var partial = PartialFiles.NameFor(entry);
        var meter = new TransferMeter(remote.Sum(item => item.Size), progress);
        try
        {
            foreach (var item in remote)
            {
                var path = Path.Combine(partial, item.Name);
                _ = await store.GetFileAsync(item.Name, path, meter.For(item.Name), cancellationToken).ConfigureAwait(false)
                    ?? throw StorageErrors.Unavailable($"{store.Describe(item.Name)}: was deleted or replaced while it was read");
            }

            if (!Directory.Exists(entry)) Directory.Move(partial, entry);
        }
        catch (Exception error) when (StorageErrors.IsLocal(error) && !Directory.Exists(entry))
        {
            throw StorageErrors.Local(error, entry, remote.Sum(item => item.Size));
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            // Another process brought the same directory first.
        }
        finally
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
        }
    }
}

internal sealed record FileDigest(string Path, long Size, long Changed, string Digest);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(FileDigest))]
internal sealed partial class InputCacheJson : JsonSerializerContext;
