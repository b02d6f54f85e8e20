using static Cpt.Torch.torch.distributed;

namespace Cpt.Torch.Tests;

/// <summary>Collectives between three processes' worth of groups.</summary>
public sealed class CollectiveTests
{
    [Fact]
    public void AllReduceGivesEverybodyTheReductionOfAll()
    {
        var results = Crew.Run(3, group =>
        {
            using var scope = torch.NewDisposeScope();
            var (sum, most) = (torch.tensor<float>([1 + group.Rank, 10], 2), torch.tensor<long>([group.Rank, -group.Rank], 2));
            group.all_reduce(sum).wait();
            group.all_reduce(most, ReduceOp.MAX).wait();
            return (sum.data<float>(), most.data<long>());
        });

        Assert.All(results, result => Assert.Equal([6f, 30], result.Item1));
        Assert.All(results, result => Assert.Equal([2L, 0], result.Item2));
    }

    [Theory]
    [InlineData(ScalarType.Float32)]
    [InlineData(ScalarType.BFloat16)]
    [InlineData(ScalarType.Int64)]
    public void WhatIsOnlyMovedMayBeOfAnyType(ScalarType type)
    {
        var results = Crew.Run(3, group =>
        {
            using var scope = torch.NewDisposeScope();
            var own = torch.full([2], group.Rank + 1.0, type);
            var all = torch.zeros([6], type);
            group.all_gather_into_tensor(all, own).wait();
            group.broadcast(own, 2).wait();
            return (all.to(ScalarType.Float64).data<double>(), own.to(ScalarType.Float64).data<double>());
        });

        Assert.All(results, result => Assert.Equal([1.0, 1, 2, 2, 3, 3], result.Item1));
        Assert.All(results, result => Assert.Equal([3.0, 3], result.Item2));
    }

    [Fact]
    public void ReduceScatterGivesEachItsPartOfTheSumAndLeavesTheInputAlone()
    {
        var results = Crew.Run(2, group =>
        {
            using var scope = torch.NewDisposeScope();
            var (input, output) = (torch.tensor<float>([1, 2, 3, 4], 4), torch.zeros([2]));
            group.reduce_scatter_tensor(output, input).wait();
            return (output.data<float>(), input.data<float>());
        });

        Assert.Equal([2f, 4], results[0].Item1);
        Assert.Equal([6f, 8], results[1].Item1);
        Assert.All(results, result => Assert.Equal([1f, 2, 3, 4], result.Item2));
    }

    [Fact]
    public void NobodyPassesABarrierBeforeAllAreThere()
    {
        var arrived = 0;
        var seen = Crew.Run(3, group =>
        {
            Interlocked.Increment(ref arrived);
            group.barrier();
            return Volatile.Read(ref arrived);
        });

        Assert.Equal([3, 3, 3], seen);
    }

    [Fact]
    public void ACollectiveWithSomebodyWhoIsGoneFails()
    {
        var error = Assert.Throws<TorchException>(() => Crew.Run(2, group =>
        {
            using var value = torch.ones([4]);
            if (group.Rank == 0) group.all_reduce(value).wait();
            return 0;
        }));

        Assert.StartsWith("all_reduce: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TensorsThatDoNotFitEachOtherAreRefused()
    {
        var messages = Crew.Run(2, group =>
        {
            using var scope = torch.NewDisposeScope();
            var error = Assert.Throws<TorchException>(() => group.all_gather_into_tensor(torch.zeros([3]), torch.zeros([2])).wait());
            // Neither leaves while the other still connects: it would hear of that instead.
            group.barrier();
            return error.Message;
        });

        Assert.All(messages, message => Assert.Contains("the gathered tensor has 3 elements of Float; 4 of Float come", message, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AValueInTheStoreIsWaitedFor()
    {
        using var server = new TCPStore("localhost", 0, 2, is_master: true, TimeSpan.FromSeconds(30));
        using var client = new TCPStore("localhost", server.Port, 2, is_master: false, TimeSpan.FromSeconds(30));
        var waiting = Task.Run(() => client.get("late"));
        server.set("late", new string('x', 3000));

        Assert.Equal(3000, (await waiting).Length);
        Assert.Equal(5, server.add("count", 2) + client.add("count", 1));
    }

    [Fact]
    public void AValueThatNobodySetsIsAnErrorAfterTheTime()
    {
        using var server = new TCPStore("localhost", 0, 1, is_master: true, TimeSpan.FromSeconds(2));

        Assert.Throws<TorchException>(() => server.get("never"));
    }
}
