namespace Cpt.Tasks;

/// <summary>Reads tasks: from a directory, or made on the spot by one of the suites.</summary>
public static class TaskLoader
{
    private const string FileScheme = "file://";

    /// <param name="uri"><c>file:///absolute</c>, <c>file://./relative</c>, or <c>generated://suite/task?option=value&amp;…</c>.</param>
    /// <param name="baseDirectory">What a relative path is relative to; the working directory when null.</param>
    /// <exception cref="TaskDataException">The URI or the task is wrong.</exception>
    /// <exception cref="TaskNotFoundException">The directory, or one of its files, does not exist.</exception>
    public static TaskData Load(string uri, string? baseDirectory = null)
    {
        if (GeneratedTaskUri.IsOne(uri))
            return Suites.Generate(GeneratedTaskUri.Parse(uri));

        if (!uri.StartsWith(FileScheme, StringComparison.Ordinal))
            throw new TaskDataException($"task {uri}: only file:// and {GeneratedTaskUri.Scheme} can be read here; another storage's task is downloaded first");

        var path = Uri.UnescapeDataString(uri[FileScheme.Length..]);
        if (path.Length == 0 || !(Path.IsPathRooted(path) || path.StartsWith('.')))
            throw new TaskDataException($"task {uri}: after file:// comes an absolute path (file:///data/task) or one that starts with a dot (file://./task)");

        return LoadDirectory(Path.GetFullPath(path, Path.GetFullPath(baseDirectory ?? Directory.GetCurrentDirectory())));
    }

    /// <param name="directory">Holds task.json, train.jsonl and eval.jsonl.</param>
    /// <exception cref="TaskDataException">A file is wrong; the message names it and the line.</exception>
    /// <exception cref="TaskNotFoundException">The directory, or one of its files, does not exist.</exception>
    public static TaskData LoadDirectory(string directory)
    {
        if (!Directory.Exists(directory))
            throw new TaskNotFoundException($"{directory} does not exist; a task is a directory with {TaskFiles.Definition}, {TaskFiles.Train} and {TaskFiles.Eval}");

        var definitionFile = Path.Combine(directory, TaskFiles.Definition);
        var definition = DefinitionReader.Read(definitionFile, Read(definitionFile));
        var reader = new SampleReader(definition, Scorers.Get(definition.Scorer), directory);
        return new TaskData
        {
            Definition = definition,
            Train = definition.EvaluationOnly ? [] : ReadSplit(TaskFiles.Train),
            Eval = ReadSplit(TaskFiles.Eval),
            Digest = TaskDigest.OfDirectory(directory),
            Directory = Path.GetFullPath(directory),
        };

        IReadOnlyList<Sample> ReadSplit(string name)
        {
            var file = Path.Combine(directory, name);
            return reader.Read(file, Read(file));
        }
    }

    private static byte[] Read(string file)
    {
        try
        {
            return File.ReadAllBytes(file);
        }
        catch (FileNotFoundException error)
        {
            throw new TaskNotFoundException($"{file} does not exist", error);
        }
    }
}
