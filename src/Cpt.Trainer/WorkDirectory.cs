namespace Cpt.Trainer;

/// <summary>Scratch space of one attempt. A given directory stays and may be shared by the stages of a run; one made here is removed.</summary>
internal sealed class WorkDirectory : IDisposable
{
    private readonly bool _own;

    private WorkDirectory(string path, bool own)
    {
        Path = path;
        _own = own;
    }

    public string Path { get; }

    /// <summary>Inputs by digest; survives the attempt when the directory does.</summary>
    public string Cache => System.IO.Path.Combine(Path, "cache");

    public static WorkDirectory Open(string? path) => path is null
        ? new WorkDirectory(Directory.CreateTempSubdirectory("cpt-stage-").FullName, own: true)
        : new WorkDirectory(Directory.CreateDirectory(path).FullName, own: false);

    public string Of(string name) => System.IO.Path.Combine(Path, name);

    /// <summary>An empty directory; what an earlier attempt left under this name is removed.</summary>
    public string Empty(string name)
    {
        var path = Of(name);
        if (Directory.Exists(path))
        {
            Directory.Delete(path, recursive: true);
        }

        return Directory.CreateDirectory(path).FullName;
    }

    public void Dispose()
    {
        if (_own)
        {
            Directory.Delete(Path, recursive: true);
        }
    }
}
