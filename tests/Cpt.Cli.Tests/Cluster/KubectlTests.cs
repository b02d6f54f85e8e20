using System.Text.Json;
using Cpt.Tests.Cluster;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>The real kubectl, which finds the plugin on PATH by its name.</summary>
[Trait("Category", "Cluster")]
public sealed class KubectlTests : IAsyncLifetime
{
    private readonly ApiServer _server;
    private readonly string _directory = Directory.CreateTempSubdirectory("cpt-plugin-").FullName;
    private Kubectl _kubectl = null!;
    private string _namespace = "";

    public KubectlTests(ApiServer server) => _server = server;

    public async ValueTask InitializeAsync()
    {
        _namespace = await _server.StartAsync();
        // The program as it is published: artifacts/bin/Cpt.Cli.Tests/release -> artifacts/bin/Cpt.Cli/release.
        var here = AppContext.BaseDirectory.TrimEnd('/');
        var program = Path.GetFullPath(Path.Combine(here, "..", "..", "Cpt.Cli", Path.GetFileName(here), "cpt"));
        File.CreateSymbolicLink(Path.Combine(_directory, "kubectl-cpt"), program);
        File.CreateSymbolicLink(Path.Combine(_directory, "kubectl_complete-cpt"), program);
        _kubectl = new Kubectl(_server.Cluster.Kubeconfig, Path.Combine(_server.Cluster.Directory, "kubectl-cache"))
        {
            Environment =
            {
                ["PATH"] = $"{_directory}:{Environment.GetEnvironmentVariable("PATH")}",
                ["DOTNET_ROOT"] = Path.GetFullPath(Path.Combine(System.Runtime.InteropServices.RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..")),
            },
        };
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task KubectlStartsThePluginByItsName()
    {
        await _server.CreateAsync(_namespace, "demo", SampleRun.Finished());
        var status = await _kubectl.RunAsync("cpt", "status", "demo", "-n", _namespace, "-o", "json");
        Assert.True(status.ExitCode == 0, status.Error);
        Assert.Equal("Succeeded", JsonDocument.Parse(status.Output).RootElement.GetProperty("state").GetString());

        var missing = await _kubectl.RunAsync("cpt", "matrix", "nothing", "-n", _namespace);
        Assert.Equal(1, missing.ExitCode);
        Assert.Equal("Error from server (NotFound): continualruns.cpt.dev \"nothing\" not found\n", missing.Error);
    }

    [Fact]
    public async Task HelpAndMistakesAreInTermsOfKubectl()
    {
        var help = await _kubectl.RunAsync("cpt", "logs", "--help");
        Assert.Contains("kubectl cpt logs [<RUN>] [options]", help.Output, StringComparison.Ordinal);
        var mistake = await _kubectl.RunAsync("cpt", "statsu");
        Assert.Equal(1, mistake.ExitCode);
        Assert.Contains("See: kubectl cpt --help", mistake.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ASuspensionIsSeenByKubectl()
    {
        await _server.CreateAsync(_namespace, "demo", SampleRun.Training());
        Assert.Equal("continualrun.cpt.dev/demo suspended\n", (await _kubectl.RunAsync("cpt", "suspend", "demo", "-n", _namespace)).Output);
        Assert.Equal("true", (await _kubectl.RunAsync("get", "crun", "demo", "-n", _namespace, "-o", "jsonpath={.spec.suspend}")).Output);
    }

    [Fact]
    public async Task KubectlCompletesNamesOfRunsAndStages()
    {
        await _server.CreateAsync(_namespace, "demo", SampleRun.Training());
        await _server.CreateAsync(_namespace, "other");
        var names = await _kubectl.RunAsync("__complete", "cpt", "status", "--request-timeout", "60s", "-n", _namespace, "");
        Assert.Equal(["demo", "other", ":4"], names.Output.TrimEnd().Split('\n').Take(3));
        var stages = await _kubectl.RunAsync("__complete", "cpt", "logs", "demo", "--request-timeout", "60s", "-n", _namespace, "--stage", "p");
        Assert.Equal(["parity", ":4"], stages.Output.TrimEnd().Split('\n').Take(2));
    }
}
