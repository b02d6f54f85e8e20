namespace Cpt.Storage;

/// <summary>
/// Where a store's files are written before they get their names: on the same file system, under the store's root. What a killed writer left here
/// belongs to nobody; it is removed once it is old and no living writer holds its lock (a writer on another machine may not show its lock, hence the age).
/// </summary>
internal sealed class TemporaryFiles(string root, TimeProvider time)
{
    public const string DirectoryName = ".tmp";

    public static readonly TimeSpan AbandonedAfter = TimeSpan.FromHours(1);

    private readonly string _directory = Path.Combine(root, DirectoryName);
    private int _cleaned;

    /// <summary>A fresh path; cleans up behind dead writers the first time.</summary>
    public string Next()
    {
        DurableDirectory.Create(_directory);
        if (Interlocked.Exchange(ref _cleaned, 1) == 0) RemoveAbandoned();
        return Path.Combine(_directory, Guid.NewGuid().ToString("N"));
    }

    private void RemoveAbandoned()
    {
        var before = time.GetUtcNow().UtcDateTime - AbandonedAfter;
        foreach (var path in Directory.EnumerateFiles(_directory).Where(path => File.GetLastWriteTimeUtc(path) < before))
        {
            try
            {
                using (new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.None)) File.Delete(path);
            }
            catch (Exception error) when (StorageErrors.IsLocal(error))
            {
                // Locked by its writer, or another cleaner was faster.
            }
        }
    }
}
