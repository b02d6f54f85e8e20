using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Cpt.Storage;

/// <summary>The few calls of POSIX and Linux that an atomic, durable publish needs and .NET does not offer.</summary>
internal static partial class Posix
{
    private const int Exists = 17;
    private const uint AnyMode = 0x1FF; // 0777, less the umask
    private const int ReadOnly = 0x80000; // O_RDONLY | O_CLOEXEC
    private const int CurrentDirectory = -100; // AT_FDCWD
    private const uint NoReplace = 1; // RENAME_NOREPLACE
    private const nuint CloneWholeFile = 0x40049409; // FICLONE

    /// <summary>
    /// Gives the file at <paramref name="temporary"/> its final name unless that is taken; the temporary name is gone afterwards. link(2) is atomic on
    /// every file system that has it; some network file systems have only renameat2(RENAME_NOREPLACE).
    /// </summary>
    /// <returns>False when the name is taken.</returns>
    public static bool Publish(string temporary, string final)
    {
        if (Link(temporary, final) == 0)
        {
            File.Delete(temporary);
            return true;
        }

        var linkError = Marshal.GetLastPInvokeError();
        if (linkError != Exists)
        {
            if (RenameAt2(CurrentDirectory, temporary, CurrentDirectory, final, NoReplace) == 0) return true;
            var renameError = Marshal.GetLastPInvokeError();
            if (renameError != Exists)
                throw new IOException($"link: {Marshal.GetPInvokeErrorMessage(linkError)}; rename: {Marshal.GetPInvokeErrorMessage(renameError)}", renameError);
        }

        File.Delete(temporary);
        return false;
    }

    /// <summary>
    /// mkdir(2); no error when something has the name already. Directory.CreateDirectory raises an error when a neighbour removes the directory in between.
    /// </summary>
    public static void MakeDirectory(string path)
    {
        if (MakeDirectory(path, AnyMode) == 0) return;
        var error = Marshal.GetLastPInvokeError();
        if (error != Exists) throw new IOException($"{path}: {Marshal.GetPInvokeErrorMessage(error)}", error);
    }

    /// <summary>A new name is durable only once its directory is.</summary>
    public static void SyncDirectory(string directory)
    {
        var descriptor = Open(directory, ReadOnly);
        if (descriptor < 0) throw new IOException($"{directory}: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        // EINVAL: this file system has no directories to sync (some FUSE ones); it made the name durable by itself or never will.
        if (Sync(descriptor) != 0 && Marshal.GetLastPInvokeError() is not (22 or 95))
            throw new IOException($"{directory}: fsync: {Marshal.GetLastPInvokeErrorMessage()}", Marshal.GetLastPInvokeError());
    }

    /// <summary>Shares the source's blocks copy-on-write where the file system can; costs no space and no copying.</summary>
    public static bool TryClone(SafeFileHandle source, SafeFileHandle target) => IoControl(target, CloneWholeFile, source) == 0;

    [LibraryImport("libc", EntryPoint = "link", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Link(string from, string to);

    [LibraryImport("libc", EntryPoint = "renameat2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameAt2(int fromDirectory, string from, int toDirectory, string to, uint flags);

    [LibraryImport("libc", EntryPoint = "mkdir", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeDirectory(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int IoControl(SafeFileHandle target, nuint request, SafeFileHandle source);
}
