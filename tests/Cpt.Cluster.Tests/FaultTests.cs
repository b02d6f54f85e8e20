using Cpt.Tests.Cluster;

namespace Cpt.Cluster.Tests;

/// <summary>The faults that end-to-end tests cause. A cluster of their own: they disturb everybody on it.</summary>
[Trait("Category", "Node")]
public sealed class FaultTests : IAsyncLifetime
{
    private NodeCluster? _cluster;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private NodeCluster Cluster => _cluster!;

    public async ValueTask InitializeAsync() => _cluster = NodeCluster.WhyNot is null ? await NodeCluster.UpAsync(cancellation: Cancellation) : null;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task ContainersOutliveContainerdAndKubelet()
    {
        Node.Skip();
        await StartWorkerAsync();
        var before = await ContainerAsync();
        await Cluster.KillNodeAsync(Cancellation);
        await Cluster.StartNodeAsync(Cancellation);
        Assert.Equal("still there\n", await Cluster.KubectlAsync(Cancellation, "exec", "worker", "--", "cat", "/tmp/mark"));
        Assert.Equal(before, await ContainerAsync());

        await RunAnotherAsync();
    }

    [Fact]
    public async Task AfterAPowerCutContainersAreStartedAnew()
    {
        Node.Skip();
        await StartWorkerAsync();
        var before = await ContainerAsync();
        await Cluster.CrashNodeAsync(Cancellation);
        await Cluster.StartNodeAsync(Cancellation);
        await Eventually.ThatAsync(async () => (await ContainerAsync()) is { Running: true } now && now.Id != before.Id);

        await RunAnotherAsync();
    }

    [Fact]
    public async Task PodsGoOnWhileTheApiServerIsAwayAndItComesBackWithItsData()
    {
        Node.Skip();
        await StartWorkerAsync();
        var before = await ContainerAsync();
        await Cluster.StopApiServerAsync(Cancellation);
        Assert.NotEqual(0, (await Cluster.Kubectl.RunAsync("get", "pods", "--request-timeout=2s")).ExitCode);
        await Cluster.StartApiServerAsync(Cancellation);
        Assert.Equal(before, await ContainerAsync());

        await RunAnotherAsync();
    }

    private async Task StartWorkerAsync()
    {
        await Cluster.ApplyAsync(Pods.Running("worker", "echo still there >/tmp/mark; sleep 600", restart: "Always"), Cancellation);
        await Cluster.UntilAsync("worker", "Running");
    }

    private async Task<(string? Id, bool Running)> ContainerAsync()
    {
        var container = (await Cluster.ReadAsync("worker"))!.Container();
        return ((string?)container["containerID"], container["state"]!["running"] is not null);
    }

    /// <summary>The node takes new work.</summary>
    private async Task RunAnotherAsync()
    {
        await Cluster.ApplyAsync(Pods.Running("another", "true"), Cancellation);
        await Cluster.UntilAsync("another", "Succeeded");
    }
}
