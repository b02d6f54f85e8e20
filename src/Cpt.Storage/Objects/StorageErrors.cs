using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>The failures of this room, each worded once.</summary>
internal static class StorageErrors
{
    private const int NoSpace = 28;
    private const int QuotaExceeded = 122;
    private const int DiskFull = unchecked((int)0x80070070);

    public static StageFailureException Unavailable(string message, Exception? cause = null) =>
        new(ExitCodes.StorageUnavailable, "StorageUnavailable", message, cause);

    public static StageFailureException NotFound(string message, Exception? cause = null) => new(ExitCodes.InputNotFound, "NotFound", message, cause);

    public static StageFailureException Corrupt(string message, Exception? cause = null) => new(ExitCodes.BadData, "CorruptCheckpoint", message, cause);

    public static StageFailureException CorruptModel(string message, Exception? cause = null) => new(ExitCodes.BadData, "CorruptModel", message, cause);

    public static bool IsFull(Exception error) => error is IOException { HResult: NoSpace or QuotaExceeded or DiskFull };

    /// <summary>A failed write to a local disk: full, or not writable.</summary>
    /// <param name="error">What the system said.</param>
    /// <param name="path">What was written.</param>
    /// <param name="needed">Bytes it has.</param>
    public static StageFailureException Local(Exception error, string path, long needed)
    {
        if (!IsFull(error)) return Unavailable($"{path}: cannot be written: {error.Message}", error);
        var free = FreeBytes(path);
        return new StageFailureException(ExitCodes.StorageUnavailable, "StorageFull",
            string.Create(System.Globalization.CultureInfo.InvariantCulture,
                $"{path}: the disk (or its quota) is full: {needed:N0} bytes needed, {(free is { } bytes ? $"{bytes:N0}" : "unknown")} free. What was committed is intact; free some space and run again"),
            error);
    }

    /// <summary>True for errors of the file system, which <see cref="Local"/> translates.</summary>
    public static bool IsLocal(Exception error) => error is IOException or UnauthorizedAccessException;

    private static long? FreeBytes(string path)
    {
        try
        {
            var directory = Path.GetDirectoryName(path);
            while (directory is not null && !Directory.Exists(directory)) directory = Path.GetDirectoryName(directory);
            return directory is null ? null : new DriveInfo(directory).AvailableFreeSpace;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }
}
