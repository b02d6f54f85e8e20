using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>The directory that a data set was unpacked into.</summary>
/// <param name="directory">Its root.</param>
/// <param name="dataset">Whose layout is expected.</param>
internal sealed class ImportSource(string directory, Dataset dataset)
{
    public string Root { get; } = Directory.Exists(directory) ? Path.GetFullPath(directory) : throw new TaskNotFoundException($"--source {directory} does not exist; expected {dataset.Layout}");

    /// <summary>The first of these that exists.</summary>
    /// <exception cref="TaskNotFoundException">None does.</exception>
    public string File(params IReadOnlyList<string> relative) => relative.Select(path => Path.Combine(Root, path)).FirstOrDefault(System.IO.File.Exists)
        ?? throw Missing(string.Join(" nor ", relative));

    /// <summary>Files by name, such as <c>test-*.parquet</c>, in the first of these directories that has any; in order.</summary>
    /// <exception cref="TaskNotFoundException">None has.</exception>
    public IReadOnlyList<string> Files(string pattern, params IReadOnlyList<string> directories) => directories
        .Select(path => Path.Combine(Root, path))
        .Where(Directory.Exists)
        .Select(path => Directory.GetFiles(path, pattern).Order(StringComparer.Ordinal).ToList())
        .FirstOrDefault(files => files.Count > 0) ?? throw Missing(string.Join(" nor ", directories.Select(path => Path.Combine(path, pattern))));

    public bool Exists(string relative) => Path.Exists(Path.Combine(Root, relative));

    /// <summary>A picture that an entry names, in the first of these places that has it.</summary>
    /// <exception cref="TaskDataException">None has, or the name leads out of the directory.</exception>
    public string Picture(Entry entry, string field, params IReadOnlyList<string> relative)
    {
        if (relative.Any(path => path.Split('/', '\\').Contains("..", StringComparer.Ordinal) || Path.IsPathRooted(path)))
            throw entry.Wrong(field, "must name a picture inside the source's directory");

        return relative.Select(path => Path.Combine(Root, path)).FirstOrDefault(System.IO.File.Exists)
            ?? throw entry.Wrong(field, $"the picture {string.Join(" nor ", relative)} does not exist in {Root}");
    }

    private TaskNotFoundException Missing(string what) => new($"{what} does not exist in {Root}; expected {dataset.Layout}");
}
