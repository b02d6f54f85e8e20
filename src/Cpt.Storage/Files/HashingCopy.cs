using System.Buffers;
using System.Security.Cryptography;

namespace Cpt.Storage;

/// <summary>Copies a file and tells the SHA-256 of what the copy holds; one pass over the bytes, one buffer of memory.</summary>
internal static class HashingCopy
{
    private const int BufferBytes = 1 << 20;

    private static readonly FileStreamOptions s_read = new()
    {
        Mode = FileMode.Open,
        Access = FileAccess.Read,
        Share = FileShare.ReadWrite | FileShare.Delete,
        BufferSize = 0,
        Options = FileOptions.SequentialScan,
    };

    /// <summary>Copies and hashes.</summary>
    /// <param name="source">File to read.</param>
    /// <param name="target">File to create; held locked meanwhile, so that no cleaner takes it for a dead writer's.</param>
    /// <param name="mode">Permissions of the copy.</param>
    /// <param name="durable">The copy survives a power cut once this returns (fsync); needless for what can be fetched again.</param>
    /// <param name="progress">Bytes copied since the last report.</param>
    /// <param name="cancellationToken">Leaves a partial target behind.</param>
    /// <exception cref="IOException">Either side failed.</exception>
    public static async Task<string> RunAsync(
        string source, string target, UnixFileMode mode, bool durable, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await using var input = new FileStream(source, s_read);
        await using var output = Create(target, mode);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var cloned = Posix.TryClone(input.SafeFileHandle, output.SafeFileHandle);
        // A clone is hashed as it lies: the source may be rewritten behind it, the copy may not.
        var content = cloned ? output : input;
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            int read;
            while ((read = await content.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (!cloned) await output.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
                hash.AppendData(buffer, 0, read);
                progress?.Report(read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        if (durable) output.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A new file, exclusively locked.</summary>
    public static FileStream Create(string path, UnixFileMode mode)
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.ReadWrite, Share = FileShare.None, BufferSize = 0 };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = mode;
        return new FileStream(path, options);
    }
}
