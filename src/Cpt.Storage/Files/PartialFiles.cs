namespace Cpt.Storage;

/// <summary>Downloads in the making lie beside their final names; those of killed processes are removed when they are old.</summary>
internal static class PartialFiles
{
    private const string Ending = ".partial";

    private static readonly TimeSpan s_abandonedAfter = TimeSpan.FromHours(24);

    public static string NameFor(string path) => $"{path}.{Guid.NewGuid():N}{Ending}";

    /// <summary>Not an error when it does not succeed: only space is at stake.</summary>
    public static void RemoveAbandoned(string directory, TimeProvider time)
    {
        if (!Directory.Exists(directory)) return;
        var before = time.GetUtcNow().UtcDateTime - s_abandonedAfter;
        try
        {
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*" + Ending).Where(entry => entry.LastWriteTimeUtc < before))
            {
                if (entry is DirectoryInfo tree) tree.Delete(recursive: true);
                else entry.Delete();
            }
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            // Another process was faster, or they are another user's.
        }
    }
}
