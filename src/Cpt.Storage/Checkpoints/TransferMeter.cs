namespace Cpt.Storage;

/// <summary>Adds up what the transfers of one checkpoint moved.</summary>
internal sealed class TransferMeter(long total, IProgress<TransferProgress>? progress)
{
    private long _moved;

    public IProgress<long>? For(string path) => progress is null ? null : new File(this, path);

    // Not System.Progress: that one posts to a thread pool, out of order.
    private sealed class File(TransferMeter meter, string path) : IProgress<long>
    {
        public void Report(long value) => meter.Report(value, path);
    }

    private void Report(long bytes, string path) => progress!.Report(new TransferProgress(Math.Min(total, Interlocked.Add(ref _moved, bytes)), total, path));
}
