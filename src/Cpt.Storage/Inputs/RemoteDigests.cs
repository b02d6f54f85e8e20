using System.Globalization;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>
/// Digests of remote files without keeping the files: each is brought to a temporary place, hashed on its way, and removed. What was hashed once is remembered under
/// <c>remote/&lt;key&gt;</c>, with key = digest of place, name, size and version.
/// </summary>
internal sealed class RemoteDigests(string directory)
{
    public async Task<string> OfAsync(
        IObjectStore store, string where, Func<string, bool> belongs, Action<IReadOnlyCollection<string>, string> require, CancellationToken cancellationToken)
    {
        var remote = new List<ObjectInfo>();
        await foreach (var item in store.ListAsync("", cancellationToken).ConfigureAwait(false))
            if (belongs(item.Name) && ObjectName.IsSafe(item.Name)) remote.Add(item);
        if (remote.Count == 0) throw StorageErrors.NotFound($"{where}: nothing is there ({store.Location}), or nothing that belongs to it");
        require([.. remote.Select(item => item.Name)], where);
        var files = new List<(string, string)>(remote.Count);
        foreach (var item in remote) files.Add((item.Name, await OfAsync(store, item, cancellationToken).ConfigureAwait(false)));
        return Digests.OfFiles(files);
    }

    private async Task<string> OfAsync(IObjectStore store, ObjectInfo item, CancellationToken cancellationToken)
    {
        var key = Digests.OfText(string.Create(CultureInfo.InvariantCulture, $"{store.Location} {item.Name} {item.Size} {item.Version}"));
        var memo = Path.Combine(directory, "remote", key);
        if (Remembered(memo) is { } known) return known;
        var partial = PartialFiles.NameFor(memo);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(memo)!);
            PartialFiles.RemoveAbandoned(Path.GetDirectoryName(memo)!, TimeProvider.System);
            var digest = await store.GetFileAsync(item.Name, partial, null, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.Unavailable($"{store.Describe(item.Name)}: was deleted or replaced while it was read");
            Remember(memo, digest);
            return digest;
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            throw StorageErrors.Local(error, partial, item.Size);
        }
        finally
        {
            File.Delete(partial);
        }
    }

    private static string? Remembered(string memo)
    {
        try
        {
            return File.Exists(memo) && File.ReadAllText(memo) is var digest && ObjectName.IsDigest(digest) ? digest : null;
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            return null;
        }
    }

    private static void Remember(string memo, string digest)
    {
        try
        {
            var whole = PartialFiles.NameFor(memo);
            File.WriteAllText(whole, digest);
            File.Move(whole, memo, overwrite: true);
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            // Only the time of the next hashing is lost.
        }
    }
}
