using Cpt.Cli.Commands;
using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests;

/// <summary><c>cpt cluster</c> of the program itself; the scripts behind it are tested in Cpt.Cluster.Tests.</summary>
public sealed class LocalClusterTests
{
    [Fact]
    public async Task TheProgramHandsTheCommandOnToTheCheckoutsScript()
    {
        // The script's own words: there is no such cluster, or one has to be root to know.
        var result = await CptProcess.RunAsync(Path.GetTempPath(), "cluster", "status", "--name", "nobody-made-this");
        Assert.Equal(69, result.ExitCode);
        Assert.Contains(Environment.IsPrivilegedProcess ? "There is no cluster \"nobody-made-this\"" : "needs root", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void OutsideOfACheckoutItSaysWhereItWorks()
    {
        var error = Assert.Throws<CliException>(() => LocalClusterCommand.ScriptAbove(Path.GetTempPath(), "up"));
        Assert.Equal(ExitCodes.InputNotFound, error.ExitCode);
        Assert.Contains("works from a checkout of the project only", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ItsCommandsAndOptionsAreCompleted()
    {
        Assert.Contains("kubeconfig", (await CptProcess.RunAsync(Path.GetTempPath(), "__complete", "cluster", "")).Output, StringComparison.Ordinal);
        Assert.Contains("--no-operator", (await CptProcess.RunAsync(Path.GetTempPath(), "__complete", "cluster", "up", "--no")).Output, StringComparison.Ordinal);
    }
}
