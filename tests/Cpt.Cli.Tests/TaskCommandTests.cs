using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Commands;
using Cpt.Tasks;

namespace Cpt.Cli.Tests;

public sealed class TaskCommandTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("cpt-cli-task-").FullName;

    [Fact]
    public void GenerateWritesEveryTaskOfTheSuiteAndCheckReadsThem()
    {
        var (code, output, _) = Run("generate", "digits", "--output", In("tasks"), "--seed", "3", "--train", "16", "--eval", "4");
        Assert.Equal(0, code);
        Assert.Equal(7, output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal(["copy", "half", "increment", "parity", "residue", "reverse", "rotate"], Directory.GetDirectories(In("tasks")).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));

        var (checkedCode, report, _) = Run("check", "--task", In("tasks/parity"), "-o", "json");
        Assert.Equal(0, checkedCode);
        var json = JsonDocument.Parse(report).RootElement;
        Assert.Equal("parity", json.GetProperty("name").GetString());
        Assert.Equal((16, 4), (json.GetProperty("train").GetInt32(), json.GetProperty("eval").GetInt32()));
        Assert.Equal(TaskLoader.Load("generated://digits/parity?seed=3&train=16&eval=4").Digest, json.GetProperty("digest").GetString());
        Assert.Equal(8, json.GetProperty("longest").GetProperty("bytes").GetInt32());
    }

    [Fact]
    public void GenerateWritesTheFactsOfTheWorld()
    {
        Assert.Equal(0, Run("generate", "world", "--output", In("world"), "--seed", "1", "--train", "20").Code);
        Assert.Equal(20, TaskLoader.LoadDirectory(In("world/capital")).Train.Count);
    }

    [Fact]
    public void GenerateRefusesADirectoryThatIsNotEmptyUnlessForced()
    {
        Assert.Equal(0, Run("generate", "digits", "--output", In("tasks"), "--train", "2", "--eval", "2").Code);
        File.WriteAllText(In("tasks/notes.txt"), "mine");

        var (code, _, error) = Run("generate", "digits", "--output", In("tasks"), "--train", "3", "--eval", "2");
        Assert.Equal((1, 2), (code, TaskLoader.LoadDirectory(In("tasks/copy")).Train.Count));
        Assert.Equal($"error: {In("tasks")} exists and is not empty; give another --output, or --force to replace the tasks in it\n", error);

        Assert.Equal(0, Run("generate", "digits", "--output", In("tasks"), "--train", "3", "--eval", "2", "--force").Code);
        Assert.Equal(3, TaskLoader.LoadDirectory(In("tasks/copy")).Train.Count);
        Assert.Equal("mine", File.ReadAllText(In("tasks/notes.txt")));
    }

    [Theory]
    [InlineData("numbers", "error: unknown suite 'numbers'; suites are digits, world, shapes, numerals, study\n")]
    [InlineData("world", "error: task generated://world/capital?answers=any: unknown option 'answers'; the suite world knows seed, train, eval\n")]
    public void GenerateSaysWhatThereIsAndWritesNothing(string suite, string expected)
    {
        var (code, _, error) = Run("generate", suite, "--output", In("tasks"), "--answers", "any");
        Assert.Equal((65, expected), (code, error));
        Assert.Empty(Directory.GetFileSystemEntries(_root));
    }

    [Fact]
    public void CheckListsEveryBadLineAndEndsWith65()
    {
        Assert.Equal(0, Run("generate", "digits", "--output", In("tasks"), "--train", "2", "--eval", "2").Code);
        File.AppendAllText(In("tasks/copy/eval.jsonl"), "{}\n");
        var (code, output, error) = Run("check", "--task", In("tasks/copy"));
        Assert.Equal((65, ""), (code, output));
        Assert.Equal(3, error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.StartsWith($"error: {In("tasks/copy/eval.jsonl")}:3: id: missing", error, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckOfAMissingTaskEndsWith66()
    {
        var (code, _, error) = Run("check", "--task", In("gone"));
        Assert.Equal(66, code);
        Assert.StartsWith($"error: {In("gone")} does not exist", error, StringComparison.Ordinal);
    }

    [Fact]
    public void CheckShowsAGeneratedTask()
    {
        var (code, output, _) = Run("check", "--task", "generated://world/capital");
        Assert.Equal(0, code);
        Assert.Contains("Capital of Ascension Island? → Georgetown", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ListNamesEveryTaskByItsUri()
    {
        var (code, output, _) = Run("list");
        Assert.Equal(0, code);
        Assert.All(Suites.All.SelectMany(suite => suite.Tasks.Select(task => $"generated://{suite.Name}/{task.Name} ")), uri => Assert.Contains(uri, output, StringComparison.Ordinal));
        Assert.Contains("ExactMatch, ChoiceLetter, Numeric, Pattern", output, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string In(string relative) => Path.Combine(_root, relative);

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = TaskCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
