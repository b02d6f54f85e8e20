using System.Globalization;
using System.Runtime.CompilerServices;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>
/// A directory as an object store. Content goes to a temporary file, is synced, gets its final name by link(2), which fails when the name is taken,
/// and the directory is synced: a SIGKILL or a power cut at any moment leaves either nothing or all of it.
/// </summary>
internal sealed class FileObjectStore(StorageUri uri, string root, StorageOptions options) : IObjectStore
{
    private const UnixFileMode Sealed = UnixFileMode.UserRead | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const UnixFileMode Plain = Sealed | UnixFileMode.UserWrite;
    private const int NoSuchFile = 2;

    private readonly TemporaryFiles _temporary = new(root, options.Time);
    private readonly StoreLock _lock = new(root, options.GiveUpAfter, options.Time);

    public string Location { get; } = string.Equals(uri.Scheme, StorageUri.File, StringComparison.Ordinal) ? $"file://{root}" : $"{uri.Text} ({root})";

    public string Describe(string name) => PathOf(name);

    public Task<ObjectInfo?> FindAsync(string name, CancellationToken cancellationToken = default) => Reading(name, path => Task.FromResult(Info(name, path)));

    public Task<StoredObject?> ReadAsync(string name, CancellationToken cancellationToken = default) => Reading(name, async path =>
    {
        var content = await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false);
        return new StoredObject(content, Digests.OfBytes(content));
    });

    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        Writing(name, content.Length, async path =>
        {
            if (File.Exists(path)) return false;
            return await WithTemporaryAsync(temporary =>
            {
                WriteDurably(temporary, content.Span);
                return Task.FromResult(Named(temporary, path, Posix.Publish));
            }).ConfigureAwait(false);
        });

    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        Writing(name, content.Length, path => ReplaceAsync(path, content));

    public Task<bool> PutIfMatchAsync(string name, ReadOnlyMemory<byte> content, string version, CancellationToken cancellationToken = default) =>
        Writing(name, content.Length, async path =>
        {
            await using var held = await _lock.EnterAsync(cancellationToken).ConfigureAwait(false);
            if (!File.Exists(path) || Digests.OfBytes(await File.ReadAllBytesAsync(path, cancellationToken).ConfigureAwait(false)) != version) return false;
            return await ReplaceAsync(path, content).ConfigureAwait(false);
        });

    public Task<bool> PutFileAsync(string name, string path, string digest, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var size = new FileInfo(path).Length;
        return Writing(name, size, async target =>
        {
            var found = File.Exists(target);
            if (found && new FileInfo(target).Length == size && await Digests.OfFileAsync(target, cancellationToken).ConfigureAwait(false) == digest
                && await TouchAsync(name, cancellationToken).ConfigureAwait(false))
            {
                progress?.Report(size);
                return false;
            }

            return await WithTemporaryAsync(async temporary =>
            {
                var sent = await HashingCopy.RunAsync(path, temporary, Sealed, durable: true, progress, cancellationToken).ConfigureAwait(false);
                if (sent != digest) throw new StageFailureException(ExitCodes.Internal, "FileChanged", $"{path}: changed while it was committed: digest {sent}, expected {digest}");
                return Named(temporary, target, found ? Replaced : Posix.Publish);
            }).ConfigureAwait(false);
        });
    }

    public Task<string?> GetFileAsync(string name, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default) =>
        Reading(name, async source =>
        {
            if (!File.Exists(source)) return null;
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            try
            {
                return await HashingCopy.RunAsync(source, path, Plain, durable: false, progress, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception error) when (StorageErrors.IsFull(error))
            {
                File.Delete(path);
                throw StorageErrors.Local(error, path, new FileInfo(source).Length);
            }
        });

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var top = Path.Combine(root, prefix.Contains('/', StringComparison.Ordinal) ? prefix[..prefix.LastIndexOf('/')] : "");
        await Task.CompletedTask.ConfigureAwait(false);
        foreach (var path in FilesUnder(top))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var name = Path.GetRelativePath(root, path);
            if (name.StartsWith('.') || !name.StartsWith(prefix, StringComparison.Ordinal)) continue;
            if (Info(name, path) is { } info) yield return info;
        }
    }

    public Task<bool> TouchAsync(string name, CancellationToken cancellationToken = default) => Writing(name, 0, async path =>
    {
        await using var held = await _lock.EnterAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            File.SetLastWriteTimeUtc(path, options.Time.GetUtcNow().UtcDateTime);
            return true;
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException or UnauthorizedAccessException)
        {
            return false; // Gone, or another user's: the caller writes it anew.
        }
    });

    public Task DeleteAsync(string name, CancellationToken cancellationToken = default) => Writing(name, 0, path => Task.FromResult(Remove(path)));

    public Task<bool> DeleteUnchangedAsync(ObjectInfo found, CancellationToken cancellationToken = default) => Writing(found.Name, 0, async path =>
    {
        await using var held = await _lock.EnterAsync(cancellationToken).ConfigureAwait(false);
        var now = Info(found.Name, path);
        return now is null || (now.Version == found.Version && Remove(path));
    });

    private string PathOf(string name) => Path.Combine(root, ObjectName.Checked(name));

    private ObjectInfo? Info(string name, string path)
    {
        var file = new FileInfo(path);
        if (!file.Exists) return null;
        var written = file.LastWriteTimeUtc;
        return new ObjectInfo(name, file.Length, options.Time.GetUtcNow().UtcDateTime - written, string.Create(CultureInfo.InvariantCulture, $"{written.Ticks}-{file.Length}"));
    }

    private Task<bool> ReplaceAsync(string path, ReadOnlyMemory<byte> content) => WithTemporaryAsync(temporary =>
    {
        WriteDurably(temporary, content.Span);
        return Task.FromResult(Named(temporary, path, Replaced));
    });

    private async Task<bool> WithTemporaryAsync(Func<string, Task<bool>> write)
    {
        var temporary = _temporary.Next();
        try
        {
            return await write(temporary).ConfigureAwait(false);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    private static void WriteDurably(string path, ReadOnlySpan<byte> content)
    {
        using var stream = HashingCopy.Create(path, Plain);
        stream.Write(content);
        stream.Flush(flushToDisk: true);
    }

    /// <summary>Gives a file its name and makes the name durable. A delete beside us may take the directory while it is empty: then again.</summary>
    private static bool Named(string temporary, string path, Func<string, string, bool> publish)
    {
        var directory = Path.GetDirectoryName(path)!;
        bool? done = null;
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                DurableDirectory.Create(directory);
                done = publish(temporary, path);
                Posix.SyncDirectory(directory);
                return done.Value;
            }
            catch (IOException error) when (IsAbsent(error) && done is not null)
            {
                return done.Value; // Deleted with its directory before that was synced.
            }
            catch (IOException error) when (IsAbsent(error) && attempt < 100 && File.Exists(temporary))
            {
            }
        }
    }

    private static bool IsAbsent(IOException error) => error is FileNotFoundException or DirectoryNotFoundException || error.HResult == NoSuchFile;

    private static bool Replaced(string temporary, string path)
    {
        File.Move(temporary, path, overwrite: true);
        return true;
    }

    private bool Remove(string path)
    {
        var directory = Path.GetDirectoryName(path)!;
        if (!Directory.Exists(directory)) return true;
        File.Delete(path);
        try
        {
            for (; directory.Length > root.Length && !Directory.EnumerateFileSystemEntries(directory).Any(); directory = Path.GetDirectoryName(directory)!)
                Directory.Delete(directory);
        }
        catch (IOException)
        {
            // Somebody just put a file there, or removed the directory before us.
        }

        return true;
    }

    /// <summary>A listing must be whole or fail: a sweep takes what it does not see referred to.</summary>
    private static string[] FilesUnder(string directory)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return Directory.Exists(directory) ? Directory.GetFiles(directory, "*", SearchOption.AllDirectories) : [];
            }
            catch (DirectoryNotFoundException) when (attempt < 16)
            {
                // A subdirectory was deleted while we walked.
            }
            catch (Exception error) when (StorageErrors.IsLocal(error))
            {
                throw StorageErrors.Unavailable($"{directory}: cannot be listed: {error.Message}", error);
            }
        }
    }

    private async Task<T?> Reading<T>(string name, Func<string, Task<T?>> read) where T : class
    {
        var path = name.Length == 0 || name.EndsWith('/') ? root : PathOf(name);
        try
        {
            return await read(path).ConfigureAwait(false);
        }
        catch (Exception error) when (error is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            throw StorageErrors.Unavailable($"{path}: cannot be read: {error.Message}", error);
        }
    }

    private async Task<bool> Writing(string name, long bytes, Func<string, Task<bool>> write)
    {
        var path = PathOf(name);
        try
        {
            return await write(path).ConfigureAwait(false);
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            throw StorageErrors.Local(error, path, bytes);
        }
    }
}
