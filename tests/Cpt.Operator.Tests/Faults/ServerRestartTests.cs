namespace Cpt.Operator.Tests.Faults;

/// <summary>On a cluster of its own: nobody else likes it when the API server is killed.</summary>
[Trait("Category", "Cluster")]
public sealed class ServerRestartTests(FaultCluster cluster) : IClassFixture<FaultCluster>
{
    [Fact]
    public async Task WithTheApiServerKilledAndStartedAgainTheChainGoesOn()
    {
        var undisturbed = await cluster.NewChainAsync();
        await using (cluster.StartOperator(undisturbed))
        {
            await cluster.EndOfAsync(undisturbed);
        }

        var name = await cluster.NewChainAsync();
        await using var one = cluster.StartOperator(name);
        foreach (var job in (string[])["chain-a-a1", "chain-b-a2", "chain-d-a1"])
        {
            await cluster.SomeJobAsync(name, job);
            await cluster.Cluster.KillApiServerAsync();
            await cluster.Cluster.StartApiServerAsync();
        }

        var status = await cluster.EndOfAsync(name);
        Assert.Equal(Chain.Jobs, cluster.JobsOf(name));
        Assert.Equal(Chain.Comparable((await cluster.StatusAsync(undisturbed))!, undisturbed), Chain.Comparable(status, name));
        Assert.False(one.Running.IsCompleted);
    }
}
