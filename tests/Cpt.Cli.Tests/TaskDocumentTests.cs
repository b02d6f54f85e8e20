using System.CommandLine;
using System.Text.RegularExpressions;
using Cpt.Cli.Commands;

namespace Cpt.Cli.Tests;

/// <summary>docs/tasks.md shows commands and what they print; both are tried as they stand there.</summary>
public sealed partial class TaskDocumentTests
{
    private static readonly string s_document = File.ReadAllText(Path.Combine(Repository.Root, "docs", "tasks.md"));

    [Fact]
    public void TheShownCheckPrintsWhatIsShown()
    {
        var shown = Shown().Match(s_document);
        Assert.Equal((0, shown.Groups["output"].Value), Check(shown.Groups["task"].Value));
    }

    [Fact]
    public void TheShownTaskOfOnesOwnIsRight()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-document-");
        try
        {
            foreach (Match file in Written().Matches(s_document))
            {
                var path = Path.Combine(directory.FullName, file.Groups["file"].Value);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.WriteAllText(path, file.Groups["content"].Value);
            }

            var (code, output) = Check(Path.Combine(directory.FullName, "sums"));
            Assert.Equal(0, code);
            Assert.Contains("example  a: 2 + 2 = → 4", output, StringComparison.Ordinal);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static (int Code, string Output) Check(string task)
    {
        using var output = new StringWriter { NewLine = "\n" };
        var code = TaskCommand.Create().Parse(["check", "--task", task]).Invoke(new InvocationConfiguration { Output = output });
        return (code, output.ToString());
    }

    [GeneratedRegex(@"\$ cpt task check --task '(?<task>[^']+)'\n(?<output>[^`]+)```")]
    private static partial Regex Shown();

    [GeneratedRegex(@"cat > (?<file>\S+) <<'EOF'\n(?<content>.*?)EOF\n", RegexOptions.Singleline)]
    private static partial Regex Written();
}
