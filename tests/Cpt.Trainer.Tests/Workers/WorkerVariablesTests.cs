using Cpt.Trainer.Workers;

namespace Cpt.Trainer.Tests;

public sealed class WorkerVariablesTests
{
    [Fact]
    public void WithoutVariablesThereIsOneWorker()
    {
        Assert.Null(WorkerPlace.Of(Variables()));
        Assert.Null(WorkerNode.Of(Variables()));
        Assert.Null(WorkerNode.Of(Variables(("NNODES", "1"), ("NPROC_PER_NODE", "1"))));
    }

    [Fact]
    public void APodStartsItsNodesWorkers()
    {
        var node = WorkerNode.Of(Variables(("NNODES", "2"), ("NODE_RANK", "1"), ("NPROC_PER_NODE", "8"), ("MASTER_ADDR", "demo-a1-0.demo-peers"), ("MASTER_PORT", "29500")));

        Assert.Equal(new WorkerNode(2, 1, 8, "demo-a1-0.demo-peers", 29500), node);
        Assert.Equal(16, node!.Workers);
    }

    [Fact]
    public void OneMachineNeedsNoAddress() => Assert.Equal(new WorkerNode(1, 0, 2, "localhost", 0), WorkerNode.Of(Variables(("NPROC_PER_NODE", "2"))));

    [Fact]
    public void AWorkerIsToldItsPlaceAsByTorchrun()
    {
        var place = WorkerPlace.Of(Variables(
            ("RANK", "3"), ("WORLD_SIZE", "4"), ("LOCAL_RANK", "1"), ("LOCAL_WORLD_SIZE", "2"), ("MASTER_ADDR", "one"), ("MASTER_PORT", "1234"), ("NPROC_PER_NODE", "2")));

        Assert.Equal(new WorkerPlace(3, 4, 1, 2, "one", 1234), place);
        Assert.False(place!.OneNode);
    }

    [Theory]
    [InlineData("RANK: 4 is too large; WORLD_SIZE is 4, so ranks are 0 to 3", "RANK=4 WORLD_SIZE=4 MASTER_ADDR=a MASTER_PORT=1")]
    [InlineData("LOCAL_RANK: 2 is too large; LOCAL_WORLD_SIZE is 2, so local ranks are 0 to 1", "RANK=3 WORLD_SIZE=4 LOCAL_RANK=2 LOCAL_WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=1")]
    [InlineData("WORLD_SIZE: not set; several workers need it", "RANK=0")]
    [InlineData("MASTER_ADDR: not set; it is the host of worker 0", "RANK=0 WORLD_SIZE=2 MASTER_PORT=1")]
    [InlineData("MASTER_PORT: \"70000\" is not a whole number of at least 1 and at most 65535", "RANK=0 WORLD_SIZE=2 MASTER_ADDR=a MASTER_PORT=70000")]
    [InlineData("NNODES: \"two\" is not a whole number of at least 1", "NNODES=two")]
    [InlineData("NODE_RANK: not set; several workers need it", "NNODES=2 MASTER_ADDR=a MASTER_PORT=1")]
    [InlineData("NODE_RANK: 2 is too large; NNODES is 2, so nodes are 0 to 1", "NNODES=2 NODE_RANK=2 MASTER_ADDR=a MASTER_PORT=1")]
    public void AWrongVariableIsNamedWithWhatWouldBeRight(string message, string variables)
    {
        var environment = Variables([.. variables.Split(' ').Select(variable => (variable.Split('=')[0], variable.Split('=')[1]))]);

        var error = Assert.Throws<FormatException>(() => WorkerPlace.Of(environment) is null ? WorkerNode.Of(environment) : null);

        Assert.Equal(message, error.Message);
    }

    private static Func<string, string?> Variables(params (string Name, string Value)[] set) =>
        name => set.FirstOrDefault(variable => variable.Name == name).Value;
}
