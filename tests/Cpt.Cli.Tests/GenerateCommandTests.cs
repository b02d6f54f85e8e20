using Cpt.Api.Schema;

namespace Cpt.Cli.Tests;

public sealed class GenerateCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-generate-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task TheDefinitionIsWrittenAndThenFoundEqual()
    {
        var place = Path.Combine(_directory, "new", "crds");
        var (code, output, _) = await RunAsync("crds", "--output", place);
        string[] files = [Path.Combine(place, RunDefinition.FileName), Path.Combine(place, StudyDefinition.FileName)];
        Assert.Equal((0, string.Join('\n', files)), (code, output.Trim()));
        Assert.Equal((RunDefinition.ToYaml(), StudyDefinition.ToYaml()), (await File.ReadAllTextAsync(files[0]), await File.ReadAllTextAsync(files[1])));
        Assert.Equal(0, (await RunAsync("crds", "--output", place, "--check")).Code);
    }

    [Fact]
    public async Task CheckFailsOnAMissingOrEditedFileAndWritesNothing()
    {
        var path = Path.Combine(_directory, RunDefinition.FileName);
        var missing = await RunAsync("crds", "--output", _directory, "--check");
        Assert.Equal(65, missing.Code);
        Assert.Contains($"{path} does not exist; write it with: ", missing.Errors, StringComparison.Ordinal);
        Assert.False(File.Exists(path));

        await File.WriteAllTextAsync(path, RunDefinition.ToYaml() + "# edited\n");
        var edited = await RunAsync("crds", "--output", _directory, "--check");
        Assert.Equal(65, edited.Code);
        Assert.Contains($"{path} is not what this program generates; write it with: ", edited.Errors, StringComparison.Ordinal);
        Assert.EndsWith("# edited\n", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADashWritesToStandardOutput() => Assert.Equal((0, RunDefinition.ToYaml() + "---\n" + StudyDefinition.ToYaml(), ""), await RunAsync("crds", "--output", "-"));

    [Fact]
    public async Task TheCommittedReferenceIsTheOneThatFollowsFromTheTypes()
    {
        var (code, output, errors) = await RunAsync("reference", "--output", Path.Combine(Repository.Root, "docs"), "--check");
        Assert.True((0, "") == (code, output), errors);
    }

    [Fact]
    public async Task TheReferenceIsWrittenAndThenFoundEqual()
    {
        var path = Path.Combine(_directory, "reference.md");
        Assert.Equal((0, path), ((await RunAsync("reference", "--output", _directory)) is var (code, output, _) ? (code, output.Trim()) : default));
        Assert.Contains("| 75 | `Stopped` | SIGTERM arrived", await File.ReadAllTextAsync(path), StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("reference", "--output", _directory, "--check")).Code);

        await File.AppendAllTextAsync(path, "edited\n");
        Assert.Contains($"generate reference --output {_directory}", (await RunAsync("reference", "--output", _directory, "--check")).Errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());
        var code = await Commands.GenerateCommand.Create().Parse(arguments).InvokeAsync(new() { Output = output, Error = errors });
        return (code, output.ToString(), errors.ToString());
    }
}
