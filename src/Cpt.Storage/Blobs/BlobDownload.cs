using System.Buffers;
using System.Security.Cryptography;
using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Cpt.Storage;

/// <summary>
/// Fetches ranges side by side and writes and hashes them in order; memory is <c>concurrency</c> blocks. All ranges are of one version: If-Match.
/// </summary>
internal sealed class BlobDownload(BlobCalls calls, int blockBytes, int concurrency)
{
    /// <returns>SHA-256 of what was written.</returns>
    public async Task<string> RunAsync(BlobBaseClient blob, long size, ETag version, Stream output, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new Queue<Task<Block>>();
        long asked = 0;
        try
        {
            while (asked < size || running.Count > 0)
            {
                for (; asked < size && running.Count < concurrency; asked += blockBytes)
                    running.Enqueue(FetchAsync(blob, asked, (int)Math.Min(blockBytes, size - asked), version, failed.Token));
                using var block = await running.Dequeue().ConfigureAwait(false);
                hash.AppendData(block.Content.Span);
                await output.WriteAsync(block.Content, cancellationToken).ConfigureAwait(false);
                progress?.Report(block.Content.Length);
            }
        }
        catch
        {
            await failed.CancelAsync().ConfigureAwait(false);
            foreach (var task in running) await task.ContinueWith(Discard, TaskScheduler.Default).ConfigureAwait(false);
            throw;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static void Discard(Task<Block> task)
    {
        if (task.IsCompletedSuccessfully) task.Result.Dispose();
        _ = task.Exception;
    }

    private async Task<Block> FetchAsync(BlobBaseClient blob, long offset, int size, ETag version, CancellationToken cancellationToken)
    {
        var block = new Block(size);
        var options = new BlobDownloadOptions { Range = new HttpRange(offset, size), Conditions = new BlobRequestConditions { IfMatch = version } };
        try
        {
            return await calls.RunAsync(
                async token =>
                {
                    // The streamed body resumes by itself where a dropped connection cut it.
                    using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(options, token).ConfigureAwait(false);
                    await answer.Content.ReadExactlyAsync(block.Buffer.AsMemory(0, size), token).ConfigureAwait(false);
                    return block;
                },
                BlobObjectStore.AbsentOrChanged, cancellationToken, (long)size * concurrency).ConfigureAwait(false);
        }
        catch
        {
            block.Dispose();
            throw;
        }
    }

    private sealed class Block(int size) : IDisposable
    {
        public byte[] Buffer { get; } = ArrayPool<byte>.Shared.Rent(size);

        public ReadOnlyMemory<byte> Content => Buffer.AsMemory(0, size);

        public void Dispose() => ArrayPool<byte>.Shared.Return(Buffer);
    }
}
