using System.Diagnostics;
using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Running;

/// <summary>Commands that train nothing, as processes.</summary>
[Trait("Category", "EndToEnd")]
public sealed class CommandTests
{
    [Fact]
    public async Task AMistypedCommandIsAnsweredWithTheNearestOne()
    {
        var result = await CptProcess.RunAsync(Repository.Root, "statsu");
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("status", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryCommandHasHelpAndTheMainOnesHaveExamples()
    {
        foreach (var command in (string[])["run", "plan", "validate", "status", "report"])
        {
            var result = await CptProcess.RunAsync(Repository.Root, command, "--help");
            Assert.Equal(0, result.ExitCode);
            Assert.Contains($"  cpt {command} ", result.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task TheExamplesAreValidAndPlanned()
    {
        using var place = new TinyRun();
        foreach (var example in Directory.EnumerateFiles(Path.Combine(Repository.Root, "examples"), "*.yaml"))
        {
            var result = await CptProcess.RunAsync(place.Root, "validate", "-f", example);
            Assert.True(result.ExitCode == 0, result.ToString());
        }

        var plan = await CptProcess.RunAsync(place.Root, "plan", "-f", Path.Combine(Repository.Root, "examples", "quickstart.yaml"), "-o", "json");
        Assert.True(plan.ExitCode == 0, plan.ToString());
        Assert.Equal(["train", "train", "train"], plan.Json.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("what").GetString()));
        Assert.False(Directory.Exists(Path.Combine(place.Root, ".cpt")));
    }

    [Fact]
    public async Task ValidateTellsEveryMistakeOfEveryFile()
    {
        using var place = new TinyRun();
        place.Write("bad.yaml", place.Manifest.Replace("method: RFT", "method: PPO", StringComparison.Ordinal).Replace("seed: 3", "sead: 3", StringComparison.Ordinal));
        var result = await CptProcess.RunAsync(place.Root, "validate", "-f", "run.yaml", "-f", "bad.yaml");
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("run.yaml: valid", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"bad\.yaml:5:\d+: spec\.sead: .*seed", result.Error);
        Assert.Contains("spec.stages[1].method", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusOfARunThatWasNeverStartedSaysHowToStartIt()
    {
        using var place = new TinyRun();
        var result = await CptProcess.RunAsync(place.Root, "status", "-f", "run.yaml");
        Assert.Equal(66, result.ExitCode);
        Assert.Contains("No run has been started", result.Error, StringComparison.Ordinal);
        Assert.Contains("run -f", (await CptProcess.RunAsync(place.Root, "status")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheLauncherWorksThroughALinkFromAnywhere()
    {
        var result = await LaunchAsync("cpt", "validate", "-f", Path.Combine(Repository.Root, "examples", "quickstart.yaml"));
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("quickstart, 3 stages", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheLauncherUnderTheNameOfKubectlsPluginIsThePlugin()
    {
        Assert.Contains("kubectl cpt status [<RUN>] [options]", (await LaunchAsync("kubectl-cpt", "status", "--help")).Output, StringComparison.Ordinal);
        Assert.StartsWith("status\t", (await LaunchAsync("kubectl_complete-cpt", "stat")).Output, StringComparison.Ordinal);
    }

    private static async Task<CptResult> LaunchAsync(string name, params string[] arguments)
    {
        var link = Path.Combine(Directory.CreateTempSubdirectory("cpt-link-").FullName, name);
        File.CreateSymbolicLink(link, Path.Combine(Repository.Root, "cpt"));
        using var launcher = Process.Start(new ProcessStartInfo(link, arguments)
        {
            WorkingDirectory = Path.GetTempPath(),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        })!;
        var output = launcher.StandardOutput.ReadToEndAsync();
        var error = launcher.StandardError.ReadToEndAsync();
        await launcher.WaitForExitAsync();
        Directory.Delete(Path.GetDirectoryName(link)!, recursive: true);
        return new CptResult(launcher.ExitCode, await output, await error);
    }
}
