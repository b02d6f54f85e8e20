namespace Cpt.Storage;

/// <summary>Creates directories that survive a power cut: each new name is synced in its parent.</summary>
internal static class DurableDirectory
{
    public static void Create(string path)
    {
        if (Directory.Exists(path)) return;
        var parent = Path.GetDirectoryName(path);
        if (parent is not null) Create(parent);
        Posix.MakeDirectory(path);
        if (parent is not null) Posix.SyncDirectory(parent);
    }
}
