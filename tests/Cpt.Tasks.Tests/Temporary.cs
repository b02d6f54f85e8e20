namespace Cpt.Tasks.Tests;

/// <summary>A directory that goes with the test.</summary>
internal sealed class Temporary : IDisposable
{
    public string Root { get; } = Directory.CreateTempSubdirectory("cpt-tasks-").FullName;

    public string this[string relative] => Path.Combine(Root, relative);

    public string Write(string relative, string content)
    {
        var path = this[relative];
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, content);
        return path;
    }

    /// <summary>A correct task with one sample in each split, except for the files that are given.</summary>
    public string Task(string? definition = null, string? train = null, string? eval = null)
    {
        Write("task/task.json", definition ?? """{"name": "sums", "scorer": "ExactMatch"}""");
        Write("task/train.jsonl", train ?? Line("t1"));
        Write("task/eval.jsonl", eval ?? Line("e1"));
        return this["task"];
    }

    public static string Line(string id, string rest = "") =>
        $$"""{"id": "{{id}}", "messages": [{"role": "user", "content": "1+1="}], "answer": "2"{{rest}}}""" + "\n";

    public void Dispose() => Directory.Delete(Root, recursive: true);
}
