namespace Cpt.Chart.Tests;

/// <summary>A copy of the chart that a test may change: a later version of it, or more files.</summary>
internal sealed class ChartCopy : IDisposable
{
    private ChartCopy(string directory) => Directory = directory;

    public string Directory { get; }

    public static ChartCopy Make()
    {
        var copy = System.IO.Directory.CreateTempSubdirectory("cpt-chart-").FullName;
        foreach (var file in System.IO.Directory.EnumerateFiles(Helm.Chart, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(copy, Path.GetRelativePath(Helm.Chart, file));
            System.IO.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return new(copy);
    }

    public Task WriteAsync(string path, string text)
    {
        var target = Path.Combine(Directory, path);
        System.IO.Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        return File.WriteAllTextAsync(target, text);
    }

    /// <exception cref="InvalidOperationException">There is nothing to replace.</exception>
    public async Task ReplaceAsync(string path, string old, string by)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Directory, path));
        await WriteAsync(path, text.Contains(old, StringComparison.Ordinal) ? text.Replace(old, by, StringComparison.Ordinal) : throw new InvalidOperationException($"{path} has no \"{old}\""));
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}
