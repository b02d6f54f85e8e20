using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>
/// Sends a file as blocks, several side by side, and commits the block list once the whole file has hashed to its digest. The file is read once, in order;
/// memory is <c>concurrency</c> blocks. Blocks of a killed writer are never seen and the service forgets them after a week.
/// </summary>
internal sealed class BlobUpload(BlobCalls calls, int blockBytes, int concurrency)
{
    private const int MostBlocks = 50_000;

    /// <param name="blob">Where to.</param>
    /// <param name="path">What.</param>
    /// <param name="digest">Its SHA-256, also kept as metadata, by which an intact blob is recognised without reading it.</param>
    /// <param name="conditions">If-None-Match, or null to replace.</param>
    /// <param name="progress">Bytes sent since the last report.</param>
    /// <param name="cancellationToken">Leaves nothing visible behind.</param>
    /// <exception cref="RequestFailedException">The conditions were not met, or another writer's commit discarded our blocks.</exception>
    public async Task RunAsync(BlockBlobClient blob, string path, string digest, BlobRequestConditions? conditions, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous | FileOptions.SequentialScan);
        var block = (int)Math.Max(blockBytes, (file.Length + MostBlocks - 1) / MostBlocks);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var writer = Guid.NewGuid();
        var names = new List<string>();
        var running = new Queue<Task>();
        try
        {
            for (var left = file.Length; left > 0; left -= block)
            {
                if (running.Count >= concurrency) await running.Dequeue().ConfigureAwait(false);
                var size = (int)Math.Min(block, left);
                var buffer = ArrayPool<byte>.Shared.Rent(size);
                await file.ReadExactlyAsync(buffer.AsMemory(0, size), cancellationToken).ConfigureAwait(false);
                hash.AppendData(buffer, 0, size);
                names.Add(BlockName(writer, names.Count));
                running.Enqueue(StageAsync(blob, names[^1], buffer, size, progress, failed.Token));
            }

            while (running.Count > 0) await running.Dequeue().ConfigureAwait(false);
        }
        catch
        {
            await failed.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(running).ContinueWith(static _ => { }, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }

        var sent = Convert.ToHexStringLower(hash.GetHashAndReset());
        if (sent != digest) throw new StageFailureException(ExitCodes.Internal, "FileChanged", $"{path}: changed while it was committed: digest {sent}, expected {digest}");
        var options = new CommitBlockListOptions { Conditions = conditions, Metadata = BlobObjectStore.Marked(digest) };
        await calls.RunAsync(token => blob.CommitBlockListAsync(names, options, token), Expected, cancellationToken).ConfigureAwait(false);
    }

    private async Task StageAsync(BlockBlobClient blob, string name, byte[] buffer, int size, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        try
        {
            await calls.RunAsync(
                async token =>
                {
                    using var content = new MemoryStream(buffer, 0, size, writable: false);
                    return await blob.StageBlockAsync(name, content, cancellationToken: token).ConfigureAwait(false);
                },
                Expected, cancellationToken, (long)size * concurrency).ConfigureAwait(false);
            progress?.Report(size);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static bool Expected(RequestFailedException error) => BlobObjectStore.Absent(error) || BlobObjectStore.Taken(error);

    /// <summary>Names of one blob's blocks must be equally long, also across writers; each writer's are its own.</summary>
    private static string BlockName(Guid writer, int index)
    {
        Span<byte> name = stackalloc byte[20];
        writer.TryWriteBytes(name);
        BinaryPrimitives.WriteInt32BigEndian(name[16..], index);
        return Convert.ToBase64String(name);
    }
}
