using Cpt.EndToEnd.Tests.Faults;
using Cpt.Storage;

namespace Cpt.EndToEnd.Tests;

/// <summary>The release goes; what people made stays; and a release that comes back goes on where the old one was.</summary>
[Trait("Category", "E2E")]
[Collection(nameof(InstalledCluster))]
public sealed class UninstallTests(InstalledCluster cluster)
{
    [Fact]
    public async Task UninstallingLeavesRunsAndCheckpointsAndInstallingAgainGoesOnWithThem()
    {
        await cluster.StartAsync();
        var run = await FaultRun.StartAsync(cluster.Kubectl, await cluster.NamespaceAsync("uninstall"), "uninstall");
        await run.InTheMiddleOfAsync(FaultRun.Refine);

        await cluster.HelmAsync("uninstall", "cpt-operator", "--namespace", InstalledCluster.OperatorNamespace, "--wait");
        Assert.Equal("", await cluster.Kubectl.OutputAsync(["get", "deployments", "-n", InstalledCluster.OperatorNamespace, "-o", "name"]));
        await Patience.UntilAsync("the operator's pods are gone", async () => await cluster.Kubectl.OutputAsync(["get", "pods", "-n", InstalledCluster.OperatorNamespace, "-o", "name"]) is "");
        var left = await run.GetAsync();
        var first = ClusterRun.Stage(left, FaultRun.Learn)!;
        var store = CheckpointStore.Open(FaultRun.StorageOf(run.Namespace), new StorageOptions { Environment = name => name == "AZURE_STORAGE_CONNECTION_STRING" ? cluster.ConnectionString : null });
        var manifest = await store.ReadManifestAsync((string)first["stageHash"]!, TestContext.Current.CancellationToken);
        Assert.Equal((string?)first["checkpointDigest"], manifest?.ModelDigest);

        // Its trainer does not know that anything happened.
        await Patience.UntilAsync("the Job ends without an operator", async () => (await run.JobsAsync(FaultRun.Refine)).Any(job => (int?)job["status"]?["succeeded"] == 1), run.DescribeAsync);
        await cluster.InstallOperatorAsync();
        var ended = await run.SucceededAsync();
        Assert.Equal(await cluster.UndisturbedAsync(), ClusterRun.Digests(ended));
        Assert.Equal(1, ClusterRun.Attempts(ended, FaultRun.Refine));
    }
}
