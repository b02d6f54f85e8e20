using Cpt.Api;

namespace Cpt.Operator.Tests.Cluster;

[Trait("Category", "Cluster")]
public sealed class ChainTests(Clusters clusters)
{
    [Fact]
    public async Task AppliedRunTrainsOneStageAfterAnotherAndSucceeds()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run());

        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal("2/2", status.StagesDone);
        Assert.Equal(["demo-largest-a1", "demo-parity-a1"], await world.JobNamesAsync());
        Assert.All(status.Stages, stage => Assert.Equal((StageState.Succeeded, 1, 0, 0), (stage.State, stage.Attempts, stage.Retries, stage.Preemptions)));
        Assert.Equal(["", "parity", "largest"], status.Matrix!.Rows.Select(row => row.After));
        Assert.Equal(("87.50", "-25.00"), (status.AverageAccuracy, status.Forgetting));
        Assert.Equal(status.Stages[1].CheckpointDigest, status.Checkpoint);
        Assert.Equal(ConditionStatus.True, status.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded).Status);
    }
}
