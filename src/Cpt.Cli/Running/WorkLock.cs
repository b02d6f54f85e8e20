using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>
/// One runner a work directory. The kernel drops the lock (flock) when its holder ends, however it ends, so nothing is ever left to clean up.
/// </summary>
internal sealed class WorkLock : IDisposable
{
    private readonly FileStream _file;

    private WorkLock(FileStream file) => _file = file;

    /// <exception cref="CliException">Another runner holds it; the message names its process.</exception>
    public static WorkLock Take(WorkDirectory work)
    {
        Directory.CreateDirectory(work.Root);
        try
        {
            // FileShare.None is flock(LOCK_EX | LOCK_NB); the descriptor is close-on-exec, so a trainer does not inherit it.
            var file = new FileStream(work.LockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            AtomicFile.Write(work.RunnerFile, JsonSerializer.Serialize(ProcessIdentity.Current, CliJson.Default.ProcessIdentity));
            return new WorkLock(file);
        }
        catch (IOException) when (File.Exists(work.LockFile))
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
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    public void Dispose() => _file.Dispose();
}
