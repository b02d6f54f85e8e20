namespace Cpt.Images.Tests;

/// <summary>A directory that goes with the test; whoever runs in a container may write to it.</summary>
internal sealed class Scratch : IDisposable
{
    public Scratch() => File.SetUnixFileMode(Root, (UnixFileMode)0b111_111_111);

    public string Root { get; } = Directory.CreateTempSubdirectory("cpt-images-tests-").FullName;

    public string this[string relative] => Path.Combine(Root, relative);

    /// <summary>A directory in it that everybody may write to.</summary>
    public string Open(string relative)
    {
        var directory = Directory.CreateDirectory(this[relative]).FullName;
        File.SetUnixFileMode(directory, (UnixFileMode)0b111_111_111);
        return directory;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
