using Cpt.Api;
using Cpt.Controllers;
using Cpt.Runs;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Chart.Tests.Rights;

/// <summary>
/// Least privilege, right by right: each one that the chart gives is taken away, and something that users do breaks. The scene is played without it; the test waits for the server's refusal and for
/// what is then to be seen for good.
/// </summary>
[Trait("Category", "Cluster")]
public sealed class RightTests(ChartClusters clusters)
{
    /// <summary>Kinds that are watched as a whole.</summary>
    internal static Right[] Kinds { get; } = [new("cpt.dev", "continualruns", "list"), new("cpt.dev", "continualstudies", "list"), new("batch", "jobs", "list"), new("", "pods", "list")];

    private static readonly Dictionary<string, (string Scenario, Broken Broken)> s_needed = new(StringComparer.Ordinal)
    {
        ["list continualruns.cpt.dev"] = ("a run of two stages", new Broken.NeverReady("continualruns.cpt.dev")),
        ["watch continualruns.cpt.dev"] = ("a run of two stages", new Broken.ListsAgainAndAgain()),
        ["patch continualruns.cpt.dev"] = ("a run that is deleted with its artifacts", new Broken.NoFinalizerAndNoJob()),
        ["delete continualruns.cpt.dev"] = ("a run whose time is over", new Broken.FinishedRunStays()),
        ["patch continualruns/status.cpt.dev"] = ("a run of two stages", new Broken.NoStatusAndNoJob()),
        ["create continualruns.cpt.dev"] = ("a study of two runs", new Broken.StudyWithoutRuns()),
        ["list continualstudies.cpt.dev"] = ("a study of two runs", new Broken.NeverReady("continualstudies.cpt.dev")),
        ["watch continualstudies.cpt.dev"] = ("a study of two runs", new Broken.ListsAgainAndAgain()),
        ["patch continualstudies/status.cpt.dev"] = ("a study of two runs", new Broken.StudyWithoutAStatus()),
        ["update continualstudies/finalizers.cpt.dev"] = ("a study of two runs", new Broken.StudyWithoutRuns("create continualruns.cpt.dev")),
        ["update continualruns/finalizers.cpt.dev"] = ("a run of two stages", new Broken.NoStatusAndNoJob("create jobs.batch")),
        ["get jobs.batch"] = ("a Job that somebody deletes", new Broken.AttemptStaysTheFirst()),
        ["list jobs.batch"] = ("a run of two stages", new Broken.NeverReady("jobs.batch")),
        ["watch jobs.batch"] = ("a run of two stages", new Broken.ListsAgainAndAgain()),
        ["create jobs.batch"] = ("a run of two stages", new Broken.NoStatusAndNoJob()),
        ["delete jobs.batch"] = ("a run that is suspended and resumed", new Broken.JobGoesOn()),
        ["list pods"] = ("a run of two stages", new Broken.NeverReady("pods")),
        ["watch pods"] = ("progress through the API server", new Broken.ListsAgainAndAgain()),
        ["get pods/proxy"] = ("progress through the API server", new Broken.NoProgress()),
        ["create services"] = ("a stage on several nodes", new Broken.NoJob()),
        ["get secrets"] = ("a storage with a Secret", new Broken.WaitsForStorage()),
        ["create events.events.k8s.io"] = ("a run of two stages", new Broken.SucceedsWithoutAWord()),
        ["patch events.events.k8s.io"] = ("artifacts that cannot be deleted for a while", new Broken.RepetitionsAreNotCounted()),
        ["create leases.coordination.k8s.io"] = ("a leader that leads for long", new Broken.NobodyLeads()),
        ["get leases.coordination.k8s.io"] = ("a leader that leads for long", new Broken.NobodyLeads()),
        ["patch leases.coordination.k8s.io"] = ("a leader that leads for long", new Broken.LeaseIsLost()),
        ["watch leases.coordination.k8s.io"] = ("a leader that hands over", new Broken.NobodyTakesOver()),
    };

    public static TheoryData<string, string> Needed
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var (right, (scenario, broken)) in s_needed)
            {
                data.Add(right, $"{scenario}: {broken.GetType().Name}");
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Needed))]
    public async Task WithoutTheRightTo(string right, string breaks)
    {
        Assert.NotEmpty(breaks);
        var (scenario, broken) = s_needed[right];
        var taken = Right.Parse(right);
        await using var world = await RightsWorld.OpenAsync(clusters, Scenarios.All[scenario].Script(), taken);

        var playing = Scenarios.All[scenario].PlayAsync(world);
        var seen = broken.SeenAsync(world, broken.Refused is { } other ? Right.Parse(other) : taken);
        var first = await Task.WhenAny(playing, seen);

        await first;
        Assert.True(first == seen, $"{scenario} needs no right to {right}");
    }

    [Fact]
    public async Task TheseAreAllTheRightsThatTheChartGives()
    {
        var given = (await RightsWorld.RolesAsync()).SelectMany(Right.Of).Select(right => right.ToString());

        Assert.Equal(s_needed.Keys.Order(StringComparer.Ordinal), given.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task ForAllNamespacesTheyAreTheSameAndTheLeaseStaysInItsOwn()
    {
        var all = await Rendered.ByAsync("progress=proxy");

        Assert.Equal(
            (await RightsWorld.RolesAsync()).SelectMany(Right.Of).Select(right => right.ToString()).Order(StringComparer.Ordinal),
            new[] { all.One("ClusterRole", "cpt-operator-cpt-system"), all.One("Role") }.SelectMany(Right.Of).Select(right => right.ToString()).Order(StringComparer.Ordinal));
        Assert.All(Right.Of(all.One("Role")), right => Assert.Equal("leases", right.Resource));
    }

    [Fact]
    public async Task WhatValuesDoNotAskForIsNotGiven()
    {
        var rendered = await Rendered.ByAsync("rbac.ownerReferences=false");
        var plain = rendered.All("ClusterRole").Concat(rendered.All("Role")).SelectMany(Right.Of).Select(right => right.Resource).ToList();

        Assert.DoesNotContain("pods/proxy", plain);
        Assert.DoesNotContain("continualruns/finalizers", plain);
    }

    [Fact]
    public async Task NoRuleHasAWildcardOrReachesBeyondWhatItNames()
    {
        var rendered = await Rendered.ByAsync("progress=proxy");

        Assert.All(rendered.All("ClusterRole").Concat(rendered.All("Role")).SelectMany(Right.Of), right =>
        {
            Assert.DoesNotContain("*", right.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain(right.Verb, new[] { "escalate", "bind", "impersonate" });
        });
    }
}

/// <summary>What is to be seen, for good, where a right is missing.</summary>
internal abstract record Broken(string? Refused = null)
{
    public async Task SeenAsync(RightsWorld world, Right refused)
    {
        await world.UntilAsync(() => world.Calls.Refused.Count(right => right == refused) >= Times);
        await world.UntilAsync(() => IsSoAsync(world));
    }

    /// <summary>Refused so often, it was tried again in vain.</summary>
    protected virtual int Times => 2;

    protected abstract Task<bool> IsSoAsync(RightsWorld world);

    internal sealed record NeverReady(string Kind) : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world)
        {
            using var http = new HttpClient();
            using var answer = await http.GetAsync(new Uri(world.Started[0].Urls.First() + "/readyz"));
            var lines = (await answer.Content.ReadAsStringAsync()).Split('\n');
            return !answer.IsSuccessStatusCode && lines.Any(line => line.StartsWith($"[-]cache {Kind} ", StringComparison.Ordinal) && line.Contains("forbidden", StringComparison.Ordinal));
        }
    }

    /// <summary>Every few seconds the whole cluster is read: what watches are there to spare.</summary>
    internal sealed record ListsAgainAndAgain : Broken
    {
        protected override Task<bool> IsSoAsync(RightsWorld world) => Task.FromResult(RightTests.Kinds.Any(kind => world.Calls.CountOf(kind) >= 3));
    }

    internal sealed record NoFinalizerAndNoJob : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.RunAsync() is { Metadata.Finalizers: null } && (await world.World.JobsAsync()).Count == 0;
    }

    internal sealed record FinishedRunStays : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.RunAsync() is { Status.Value.Reason: Reasons.AllStagesFinished, Metadata.DeletionTimestamp: null };
    }

    internal sealed record NoStatusAndNoJob(string? Refused = null) : Broken(Refused)
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.RunAsync() is { Status.Value: null } && (await world.World.JobsAsync()).Count == 0;
    }

    internal sealed record StudyWithoutRuns(string? Refused = null) : Broken(Refused)
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.StudyAsync() is { Status.Value: not null } && (await world.Administrator.ListAsync<RunObject>(new() { Namespace = world.Namespace })).Items.Count == 0;
    }

    internal sealed record StudyWithoutAStatus : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.StudyAsync() is { Status.Value: null };
    }

    internal sealed record NoJob : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.RunAsync() is not null && (await world.World.JobsAsync()).Count == 0;
    }

    internal sealed record AttemptStaysTheFirst : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => (await world.World.JobsAsync()).Count == 0 && await world.World.StatusAsync() is { Stages: [{ Attempts: 1, JudgedAttempts: 0 }] };
    }

    internal sealed record JobGoesOn : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.World.JobsAsync() is [{ Metadata.DeletionTimestamp: null }];
    }

    internal sealed record NoProgress : Broken
    {
        /// <summary>A trainer is asked once in 15 s.</summary>
        protected override int Times => 1;

        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.World.StatusAsync() is { Reason: Reasons.Running, Progress: null };
    }

    internal sealed record WaitsForStorage : Broken
    {
        protected override int Times => 1;

        protected override async Task<bool> IsSoAsync(RightsWorld world) =>
            await world.World.StatusAsync() is { Reason: Reasons.WaitingForStorage, Message: { } message } && message.Contains("forbidden", StringComparison.Ordinal);
    }

    internal sealed record SucceedsWithoutAWord : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.World.StatusAsync() is { Reason: Reasons.AllStagesFinished } && (await world.World.EventsAsync()).Count == 0;
    }

    internal sealed record RepetitionsAreNotCounted : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) =>
            (await world.World.EventsAsync()).Where(told => told.Reason == "ArtifactsNotDeleted").ToList() is { Count: > 0 } told && told.TrueForAll(one => one.Series is null);
    }

    internal sealed record NobodyLeads : Broken
    {
        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.LeaseAsync() is null;
    }

    internal sealed record LeaseIsLost : Broken
    {
        protected override Task<bool> IsSoAsync(RightsWorld world) => Task.FromResult(world.Started[0].Services.GetRequiredService<OperatorOutcome>().ExitCode == OperatorOutcome.LeaseLost);
    }

    internal sealed record NobodyTakesOver : Broken
    {
        /// <summary>Then it sleeps for 40 minutes.</summary>
        protected override int Times => 1;

        protected override async Task<bool> IsSoAsync(RightsWorld world) => await world.LeaseAsync() is { Spec.HolderIdentity: "" };
    }
}
