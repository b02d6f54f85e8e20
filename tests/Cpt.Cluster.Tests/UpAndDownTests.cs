using System.Text.Json.Nodes;
using Cpt.Tests.Cluster;

namespace Cpt.Cluster.Tests;

/// <summary>Clusters come and go without a trace, side by side, and whatever state they were left in.</summary>
[Trait("Category", "Node")]
public sealed class UpAndDownTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task DownLeavesNothingBehind()
    {
        Node.Skip();
        var cluster = await NodeCluster.UpAsync(cancellation: Cancellation);
        await cluster.ApplyAsync(Pods.Running("worker", "sleep 600"), Cancellation);
        await cluster.UntilAsync("worker", "Running");
        var traces = new Traces(cluster);
        Assert.NotEmpty(traces.Processes());
        Assert.NotEmpty(traces.Cgroups());
        Assert.Equal(["card", "directory", "link", "namespace", "route"], traces.Named());

        await cluster.DisposeAsync();

        // What was killed is collected by the machine's first process in its own time.
        await Eventually.ThatAsync(() => !traces.Processes().Any());
        Assert.Empty(traces.Cgroups());
        Assert.Empty(traces.Mounts());
        Assert.Empty(traces.Named());
    }

    [Fact]
    public async Task TwoClustersRunSideBySideAndOneOutlivesTheOther()
    {
        Node.Skip();
        var (first, second) = (await NodeCluster.UpAsync(cancellation: Cancellation), await NodeCluster.UpAsync(cancellation: Cancellation));
        await using (second)
        {
            await using (first)
            {
                Assert.NotEqual(first.NetworkName, second.NetworkName);
                await first.ApplyAsync(Pods.Running("only-here", "sleep 600"), Cancellation);
                await second.ApplyAsync(Pods.Running("only-there", "sleep 600"), Cancellation);
                await first.UntilAsync("only-here", "Running");
                Assert.Null(await second.ReadAsync("only-here"));
            }

            await second.UntilAsync("only-there", "Running");
            Assert.Equal("alive\n", await second.KubectlAsync(Cancellation, "exec", "only-there", "--", "echo", "alive"));
        }
    }

    [Fact]
    public async Task ASecondUpGoesOnWithWhatIsThere()
    {
        Node.Skip();
        await using var cluster = await NodeCluster.UpAsync(cancellation: Cancellation);
        await cluster.KubectlAsync(Cancellation, "create", "configmap", "mark");
        // As after a machine's restart, which takes processes, namespaces and cards, and leaves files.
        await ClusterScript.RunAsync("down.sh", Cancellation, ["--kill", cluster.Directory]);
        Assert.Equal(["directory"], new Traces(cluster).Named());

        await cluster.ContinueAsync(cancellation: Cancellation);
        await cluster.KubectlAsync(Cancellation, "get", "configmap", "mark");
        await cluster.ApplyAsync(Pods.Running("after", "true"), Cancellation);
        await cluster.UntilAsync("after", "Succeeded");
    }

    [Fact]
    public async Task WhatWasStartedHalfIsTakenDownWhole()
    {
        Node.Skip();
        using var impatient = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var directory = Directory.CreateTempSubdirectory("cpt-node-").FullName;
        var starting = ClusterScript.RunAsync("up-node.sh", impatient.Token, [directory]);
        await Eventually.ThatAsync(() => File.Exists(Path.Combine(directory, "kube-apiserver.pid")));
        var traces = new Traces(directory);
        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);

        await ClusterScript.RunAsync("down.sh", Cancellation, ["--wipe", directory]);
        await Eventually.ThatAsync(() => !traces.Processes().Any());
        Assert.Empty(traces.Cgroups());
        Assert.Empty(traces.Named());
    }

    [Fact]
    public async Task TheCommandBringsOneUpAndWritesAKubeconfigOfItsOwn()
    {
        Node.Skip();
        var home = Directory.CreateTempSubdirectory("cpt-clusters-").FullName;
        var environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["CPT_CLUSTERS"] = home };
        var kubeconfig = Path.Combine(home, "kube", "config");
        Task<(int ExitCode, string Output, string Error)> Cluster(params string[] arguments) => ClusterScript.TryAsync("cluster.sh", Cancellation, arguments, environment);
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(kubeconfig)!);
            await File.WriteAllTextAsync(kubeconfig, "current-context: production\n", Cancellation);
            var refused = await Cluster("up", "--name", "test", "--kubeconfig", kubeconfig, "--no-operator", "--no-addons");
            Assert.Equal(69, refused.ExitCode);
            Assert.Contains($"{kubeconfig} is there already", refused.Error, StringComparison.Ordinal);
            Assert.Equal("current-context: production\n", await File.ReadAllTextAsync(kubeconfig, Cancellation));

            File.Delete(kubeconfig);
            var up = await Cluster("up", "--name", "test", "--kubeconfig", kubeconfig, "--no-operator", "--no-addons");
            Assert.True(up.ExitCode == 0, up.Error);
            Assert.Contains($"export KUBECONFIG={kubeconfig}", up.Error, StringComparison.Ordinal);
            var kubectl = new Kubectl(kubeconfig, Path.Combine(home, "cache"));
            Assert.Equal("node/node\n", await kubectl.OutputAsync(["get", "nodes", "-o", "name"], cancellation: Cancellation));

            var status = JsonNode.Parse((await Cluster("status", "--name", "test", "-o", "json")).Output)!;
            Assert.True((bool)status["ready"]!);
            await ClusterScript.RunAsync("node.sh", Cancellation, ["kill", (string)status["directory"]!]);
            var broken = await Cluster("status", "--name", "test", "-o", "json");
            Assert.Equal(1, broken.ExitCode);
            Assert.Equal(["containerd", "kubelet"], JsonNode.Parse(broken.Output)!["stopped"]!.AsArray().Select(name => (string?)name));
        }
        finally
        {
            var down = await Cluster("down", "--name", "test");
            Assert.True(down.ExitCode == 0, down.Error);
            Assert.False(File.Exists(kubeconfig));
            Directory.Delete(home, recursive: true);
        }
    }

    [Theory]
    [InlineData("up --name Big", "--name Big")]
    [InlineData("up --adons", "up has no option --adons")]
    [InlineData("load", "load needs at least one image archive")]
    [InlineData("status -o yaml", "-o yaml: it is text or json")]
    [InlineData("start", "\"start\" is not one of up, down, load, status, kubeconfig")]
    public async Task AMistakeInTheCommandLineIsNamed(string arguments, string message)
    {
        var (exitCode, _, error) = await ClusterScript.TryAsync("cluster.sh", Cancellation, arguments.Split(' '));
        Assert.Equal(64, exitCode);
        Assert.Contains(message, error, StringComparison.Ordinal);
    }
}
