using Cpt.Dashboards.Tests.Rules;
using Cpt.StandIn;

namespace Cpt.Dashboards.Tests.Running;

/// <summary>The dashboards before a real Prometheus, during real runs.</summary>
[Trait("Category", "Cluster")]
public sealed class WholeRunTests
{
    /// <summary>Long enough apart that a scrape lies between two ends of a kind.</summary>
    private static readonly TimeSpan s_while = TimeSpan.FromSeconds(2);

    [Fact]
    public async Task EveryPanelHasDataEveryRuleWorksAndEveryNameExists()
    {
        await using var cluster = await WatchedCluster.StartAsync(new Scenario { Default = _ => new AttemptScript { Duration = s_while } }
            .On("parity", 1, new AttemptScript { Duration = s_while, Ending = new Ending.Evicted() })
            .On("half", 1, new AttemptScript { Duration = s_while, Ending = new Ending.Exits(70, "Bug") })
            .On("wrong", 1, new AttemptScript { Ending = new Ending.Exits(65, "BadTask") })
            .On("residue", 1, new AttemptScript { Ending = new Ending.Never() }));
        await cluster.ApplyAsync("live");
        await cluster.TrainAsync("live-residue-a1");
        await cluster.ApplyAsync("demo");
        await cluster.ApplyAsync("broken");
        await cluster.WaitForAsync("demo", "AllStagesFinished");
        await cluster.WaitForAsync("broken", "StageFailed");
        await cluster.ApplyAsync("other-seed");
        await cluster.WaitForAsync("other-seed", "AllStagesFinished");
        await cluster.WaitForAsync("live", "Running");

        await EveryPanelHasDataAsync(cluster);
        await EveryRuleWorksAsync(cluster);
        await EveryNameExistsAsync(cluster);
    }

    private static async Task EveryPanelHasDataAsync(WatchedCluster cluster)
    {
        var variables = new DashboardVariables { RateInterval = "5s", Step = TimeSpan.FromSeconds(1) };
        IReadOnlyList<DashboardQuery> unanswered = [];
        try
        {
            await Eventually.ThatAsync(async () =>
            {
                cluster.Trainer!.MustLive();
                return (unanswered = await DashboardQueries.UnansweredAsync(cluster.Prometheus.Address, variables)).Count == 0;
            });
        }
        catch (OperationCanceledException)
        {
            Assert.Fail("without data:\n" + string.Join('\n', unanswered));
        }

        // The run variable leads to that run alone.
        var other = await DashboardQueries.UnansweredAsync(
            cluster.Prometheus.Address, variables with { Values = new Dictionary<string, string>(StringComparer.Ordinal) { ["namespace"] = cluster.Namespace, ["run"] = "no-such-run", ["job"] = "no-such-job" } });
        Assert.Empty(DashboardQueries.Read().Select(query => (query.Dashboard, query.Panel)).Distinct()
            .Except(other.Select(query => (query.Dashboard, query.Panel)))
            .Except([("platform", "Age of the newest checkpoint"), ("platform", "Size of a checkpoint"), ("platform", "Time of a commit"), ("platform", "variable job"), ("researcher", "variable namespace"), ("researcher", "variable run")]));
    }

    private static async Task EveryRuleWorksAsync(WatchedCluster cluster)
    {
        await Eventually.ThatAsync(async () => (await cluster.Prometheus.SickRulesAsync()).Count == 0);
        Assert.Equal(["CptRunFailed"], await cluster.Prometheus.FiringAsync());
        Assert.True(await cluster.Prometheus.HasAsync("cpt:checkpoint_interval:seconds{run=\"live\"} > 0"));
    }

    private static async Task EveryNameExistsAsync(WatchedCluster cluster)
    {
        var (ofOperator, ofTrainer) = await cluster.PagesAsync();
        Assert.Equal("", await Promtool.CheckAsync(ofOperator));
        Assert.Equal("", await Promtool.CheckAsync(ofTrainer));

        var shown = $"{ofOperator}\n{ofTrainer}".Split('\n').Where(line => line.Length > 0 && line[0] != '#').Select(line => line.Split('{', ' ')[0])
            .Concat(AlertRules.Recorded.Select(rule => rule.Name))
            // Only on a GPU.
            .Append("cpt_train_device_memory_bytes").ToHashSet(StringComparer.Ordinal);
        var asked = DashboardQueries.Read().Select(query => query.Expression).Concat(AlertRules.All.Select(rule => rule.Expression)).Concat(AlertRules.Recorded.Select(rule => rule.Expression));
        Assert.Empty(asked.SelectMany(Expressions.MetricsOf).Distinct(StringComparer.Ordinal).Except(shown, StringComparer.Ordinal));
    }
}
