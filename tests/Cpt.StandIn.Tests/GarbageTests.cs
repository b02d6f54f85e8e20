using Cpt.Kubernetes;

namespace Cpt.StandIn.Tests;

/// <summary>What goes when an owner goes.</summary>
[Trait("Category", "Cluster")]
public sealed class GarbageTests(Clusters clusters)
{
    private static StandInOptions Endless { get; } = new() { Scenario = new() { Default = _ => new() { Ending = new Ending.Never() } } };

    [Theory]
    [InlineData(false, PropagationPolicy.Background)]
    [InlineData(false, PropagationPolicy.Foreground)]
    [InlineData(true, PropagationPolicy.Background)]
    [InlineData(true, PropagationPolicy.Foreground)]
    public async Task PodsGoWithTheirJob(bool controllers, PropagationPolicy policy)
    {
        await using var stage = await clusters.StageAsync(controllers, Endless);
        await stage.CreateJobAsync("a");
        await stage.RunningAsync("a");

        await stage.Client.DeleteAsync<Job>("a", stage.Namespace, new() { PropagationPolicy = policy });

        await Eventually.ThatAsync(async () => await stage.Client.TryGetAsync<Job>("a", stage.Namespace) is null && (await stage.PodsAsync("a")).Count == 0);
    }

    [Fact]
    public async Task AJobDeletedInTheForegroundStaysUntilItsTrainerHasSaved()
    {
        var options = new StandInOptions { Scenario = new() { Default = _ => new() { Ending = new Ending.Never(), Saving = TimeSpan.FromMilliseconds(500) } } };
        await using var stage = await clusters.StageAsync(options: options);
        await stage.CreateJobAsync("a", stage.Spec("sums"));
        await stage.RunningAsync("a");

        await stage.Client.DeleteAsync<Job>("a", stage.Namespace, new() { PropagationPolicy = PropagationPolicy.Foreground });

        await Eventually.ThatAsync(async () => await stage.Client.TryGetAsync<Job>("a", stage.Namespace) is null);
        Assert.Empty(await stage.PodsAsync("a"));
    }

    [Theory]
    [InlineData(PropagationPolicy.Background)]
    [InlineData(PropagationPolicy.Foreground)]
    public async Task JobsAndTheirPodsGoWithTheirRun(PropagationPolicy policy)
    {
        await using var stage = await clusters.StageAsync(options: Endless);
        var run = await stage.Client.CreateAsync(new RunRecord { Metadata = new() { Name = "demo", Namespace = stage.Namespace } });
        await stage.CreateJobAsync("a", change: job => job.Metadata.OwnerReferences = [OwnerReference.ControllerOf(run)]);
        await stage.CreateJobAsync("other");
        await stage.RunningAsync("a");

        await stage.Client.DeleteAsync<RunRecord>("demo", stage.Namespace, new() { PropagationPolicy = policy });

        await Eventually.ThatAsync(async () =>
            await stage.Client.TryGetAsync<RunRecord>("demo", stage.Namespace) is null
            && await stage.Client.TryGetAsync<Job>("a", stage.Namespace) is null
            && (await stage.PodsAsync("a")).Count == 0);
        await stage.RunningAsync("other");
    }

    [Fact]
    public async Task AJobOfARunThatIsGoneAlreadyIsCollected()
    {
        await using var stage = await clusters.StageAsync(options: Endless);
        var run = await stage.Client.CreateAsync(new RunRecord { Metadata = new() { Name = "demo", Namespace = stage.Namespace } });
        await stage.Client.DeleteAsync<RunRecord>("demo", stage.Namespace);
        await stage.CreateJobAsync("late", change: job => job.Metadata.OwnerReferences = [OwnerReference.ControllerOf(run)]);

        await Eventually.ThatAsync(async () => await stage.Client.TryGetAsync<Job>("late", stage.Namespace) is null);
    }
}
