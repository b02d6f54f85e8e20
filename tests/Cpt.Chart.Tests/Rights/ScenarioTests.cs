
namespace Cpt.Chart.Tests.Rights;

/// <summary>With what the chart gives it, an operator does everything, and is refused nothing.</summary>
[Trait("Category", "Cluster")]
public sealed class ScenarioTests(ChartClusters clusters)
{
    public static TheoryData<string> Names => [.. Scenarios.All.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task TheChartsRightsAreEnoughFor(string scenario)
    {
        var scene = Scenarios.All[scenario];
        await using var world = await RightsWorld.OpenAsync(clusters, scene.Script());

        await scene.PlayAsync(world);

        Assert.Empty(world.Calls.Refused.Distinct());
        Assert.All(RightTests.Kinds, kind => Assert.InRange(world.Calls.CountOf(kind with { Verb = "list" }), 0, scenario == "a leader that hands over" ? 2 : 1));
    }
}
