namespace Cpt.Kubernetes;

/// <summary>
/// Whether a file is another one than before. Mounted Secrets are links to links that are swapped, so the time is that of the file at the links' end.
/// </summary>
internal readonly record struct FileStamp(string? Target, DateTime WrittenAt, long Length)
{
    public static FileStamp Of(string path)
    {
        var target = File.ResolveLinkTarget(path, returnFinalTarget: true) as FileInfo ?? new FileInfo(path);
        return new(target.FullName, target.LastWriteTimeUtc, target.Length);
    }
}
