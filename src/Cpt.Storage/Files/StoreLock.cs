namespace Cpt.Storage;

/// <summary>
/// flock(2) on a file in the store's root, held for the few system calls that must not interleave: compare-and-replace of a document, and
/// "delete unless touched" against "touch". The kernel lets go of it when its holder dies.
/// </summary>
internal sealed class StoreLock(string root, TimeSpan giveUpAfter, TimeProvider time)
{
    public const string FileName = ".lock";

    private static readonly TimeSpan s_poll = TimeSpan.FromMilliseconds(5);

    public async Task<FileStream> EnterAsync(CancellationToken cancellationToken)
    {
        DurableDirectory.Create(root);
        var path = Path.Combine(root, FileName);
        var start = time.GetTimestamp();
        while (true)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException error) when (error is not (DirectoryNotFoundException or PathTooLongException) && !StorageErrors.IsFull(error))
            {
                if (time.GetElapsedTime(start) >= giveUpAfter)
                    throw StorageErrors.Unavailable($"{path}: another process held this lock for {giveUpAfter.TotalSeconds:0} s ({error.Message})", error);
            }

            await Task.Delay(s_poll, cancellationToken).ConfigureAwait(false);
        }
    }
}
