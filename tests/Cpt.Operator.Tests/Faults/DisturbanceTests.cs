using Cpt.Controllers;

namespace Cpt.Operator.Tests.Faults;

/// <summary>The same chain while the connection to the API server is bad in other ways: the same Jobs, the same end.</summary>
[Trait("Category", "Cluster")]
public sealed class DisturbanceTests(FaultCluster cluster) : IClassFixture<FaultCluster>
{
    [Fact]
    public async Task WithEverySecondWriteAnswered409()
    {
        var writes = 0;
        await using var one = await StartAsync(new Wire((_, request) => Wire.IsWrite(request.Method) && Interlocked.Increment(ref writes) % 2 == 1 ? Fault.Conflict : Fault.None));

        await AssertSameEndAsync(one.Namespace);
        Assert.True(writes > 2 * one.Operator.Wire.Calls.Count(call => Wire.IsWrite(call.Method)) - 2);
    }

    [Fact]
    public async Task WithTheWatchesDroppedEverySecond()
    {
        await using var one = await StartAsync(new Wire { WatchLife = TimeSpan.FromSeconds(1) });

        await AssertSameEndAsync(one.Namespace);
    }

    [Fact]
    public async Task WithTwoOperatorsAndTheLeaseLostMidWay()
    {
        var name = await cluster.NewChainAsync();
        Wire oldWire = new(), newWire = new();
        await using var leader = cluster.StartOperator(name, oldWire, Elect);
        await cluster.SomeJobAsync(name, "chain-b-a2");
        await using var standby = cluster.StartOperator(name, newWire, Elect);

        // Its machine stands still, in the middle of whatever it does, and goes on once another one leads.
        oldWire.Stall();
        while (!newWire.Calls.Any(call => Wire.IsWrite(call.Method) && !call.IsLease))
        {
            await Task.Delay(20);
        }

        var firstOfNew = newWire.Calls.First(call => Wire.IsWrite(call.Method) && !call.IsLease).SentAt;
        oldWire.Resume();

        await AssertSameEndAsync(name);
        // A process that lost its lease ends, so that it is started anew and stands by.
        Assert.NotEqual(0, await leader.Running);
        Assert.DoesNotContain(oldWire.Calls, call => Wire.IsWrite(call.Method) && call.SentAt > firstOfNew);
    }

    private static void Elect(OperatorSettings settings) => settings.LeaderElection = new()
    {
        LeaseName = "operator",
        LeaseNamespace = settings.Namespace,
        LeaseDuration = TimeSpan.FromSeconds(3),
        RenewDeadline = TimeSpan.FromSeconds(2),
        RetryPeriod = TimeSpan.FromMilliseconds(500),
    };

    private async Task<Started> StartAsync(Wire wire)
    {
        var name = await cluster.NewChainAsync();
        return new(name, cluster.StartOperator(name, wire));
    }

    private async Task AssertSameEndAsync(string @namespace)
    {
        var status = await cluster.EndOfAsync(@namespace);
        Assert.Equal(Chain.Jobs, cluster.JobsOf(@namespace));

        await using var undisturbed = await StartAsync(new Wire());
        Assert.Equal(Chain.Comparable(await cluster.EndOfAsync(undisturbed.Namespace), undisturbed.Namespace), Chain.Comparable(status, @namespace));
    }

    private sealed record Started(string Namespace, OperatorUnderTest Operator) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Operator.DisposeAsync();
    }
}
