using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>
/// One runner a work directory. The kernel drops the lock (flock) when its holder ends, however it ends, so nothing is ever left to clean up.
/// </summary>
internal sealed class WorkLock : IDisposable
{
    /// <summary>EWOULDBLOCK of Linux: .NET's HResult of an IOException is the error number there.</summary>
    private const int WouldBlock = 11;

    private readonly FileStream _file;

    private WorkLock(FileStream file) => _file = file;

    /// <exception cref="CliException">Another runner holds it; the message names its process.</exception>
    public static WorkLock Take(WorkDirectory work)
    {
        if (File.Exists(work.Root))
        {
            throw new CliException(ExitCodes.BadSpec, $"--workdir: {WorkDirectory.Shorten(work.Root)} is a file; name a directory, or one that can be made");
        }

        Directory.CreateDirectory(work.Root);
        var file = Open(work);
        try
        {
            AtomicFile.Write(work.RunnerFile, JsonSerializer.Serialize(ProcessIdentity.Current, CliJson.Default.ProcessIdentity));
            return new WorkLock(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    private static FileStream Open(WorkDirectory work)
    {
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB); the descriptor is close-on-exec, so a trainer does not inherit it.
            return new FileStream(work.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException held) when (held.HResult == WouldBlock)
        {
            var holder = Holder(work);
            throw new CliException(
                ExitCodes.StorageUnavailable,
                $"{WorkDirectory.Shorten(work.Root)} is in use by another cpt run{(holder is null ? "" : $" (process {holder.Pid})")}. " +
                $"Wait for it, stop it{(holder is null ? "" : $" with: kill {holder.Pid}")}, or give this run its own --workdir.");
        }
    }

    /// <summary>The live runner of this directory, or null.</summary>
    public static ProcessIdentity? Holder(WorkDirectory work)
    {
        try
        {
            var holder = JsonSerializer.Deserialize(File.ReadAllText(work.RunnerFile), CliJson.Default.ProcessIdentity);
            return holder is { IsAlive: true } ? holder : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
