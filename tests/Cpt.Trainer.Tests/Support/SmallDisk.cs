using System.Diagnostics;

namespace Cpt.Trainer.Tests;

/// <summary>A tmpfs of a given size; the test is skipped where none may be mounted.</summary>
internal sealed class SmallDisk : IDisposable
{
    private readonly string _directory;

    private SmallDisk(string directory) => _directory = directory;

    public static SmallDisk Mount(string directory, int kibibytes)
    {
        Directory.CreateDirectory(directory);
        if (Run("mount", "-t", "tmpfs", "-o", $"size={kibibytes}k", "cpt-test", directory) is { } problem)
        {
            Assert.Skip($"a small file system cannot be mounted here: {problem}");
        }

        return new SmallDisk(directory);
    }

    public void Grow(int kibibytes) => Assert.Null(Run("mount", "-o", $"remount,size={kibibytes}k", _directory));

    public void Dispose() => Run("umount", "-l", _directory);

    private static string? Run(string program, params string[] arguments)
    {
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardError = true },
        };
        try
        {
            process.Start();
        }
        catch (System.ComponentModel.Win32Exception error)
        {
            return error.Message;
        }

        var complaint = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return process.ExitCode == 0 ? null : complaint.Trim();
    }
}
