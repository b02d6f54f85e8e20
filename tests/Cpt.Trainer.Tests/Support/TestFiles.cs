using System.Security.Cryptography;

namespace Cpt.Trainer.Tests;

/// <summary>A directory that goes with the test.</summary>
internal sealed class TestFiles : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cpt-trainer-tests-").FullName;

    public string this[string relative] => Path.Combine(Root, relative);

    public string Write(string relative, string content)
    {
        var path = this[relative];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    public static void Copy(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target, overwrite: true);
        }
    }

    /// <summary>Path and content digest of every committed object: blobs, manifests, evaluations.</summary>
    public static IReadOnlyDictionary<string, string> Snapshot(string storage) => !Directory.Exists(storage)
        ? new Dictionary<string, string>(StringComparer.Ordinal)
        : Directory.EnumerateFiles(storage, "*", SearchOption.AllDirectories)
            .Select(path => (Path: path, Name: Path.GetRelativePath(storage, path)))
            .Where(file => file.Name.StartsWith("blobs/sha256/", StringComparison.Ordinal) || file.Name.StartsWith("stages/", StringComparison.Ordinal))
            .ToDictionary(file => file.Name, file => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file.Path))), StringComparer.Ordinal);
}
