namespace Cpt.Models.Tests;

internal sealed class ScratchDirectory : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cpt-models-").FullName;

    public string this[string name] => Path.Combine(Root, name);

    /// <summary>A copy of a model directory that a test may damage.</summary>
    public static ScratchDirectory CopyOf(string source)
    {
        var scratch = new ScratchDirectory();
        foreach (var file in Directory.EnumerateFiles(source))
        {
            File.WriteAllBytes(scratch[Path.GetFileName(file)], File.ReadAllBytes(file));
        }

        return scratch;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
