using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;
using Microsoft.AspNetCore.Builder;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>Studies on a real API server, their runs carried out by the same operator.</summary>
[Trait("Category", "Cluster")]
public sealed class StudyTests(Clusters clusters)
{
    private const string Spec = """
        seeds: [1, 2]
          concurrency: 2
          variants:
          - {name: sft}
          - {name: slow, patch: {stages: [{name: half, parameters: {learningRate: "1e-6"}}]}}
          base:
            baseModel: {uri: bundled://models/tiny}
            storage: {uri: "pvc://checkpoints/study"}
            stages:
            - {name: parity, method: SFT, task: {uri: "generated://digits/parity?seed=1"}}
            - {name: half, method: SFT, task: {uri: "generated://digits/half?seed=1"}}
        """;

    private static readonly AttemptScript s_endless = new() { Ending = new Ending.Never(), Steps = 10, CommitEvery = 1, EndsAfterStep = 3 };

    [Fact]
    public async Task EveryVariantRunsWithEverySeedAndTheStatusHasTheTable()
    {
        await using var world = await clusters.OpenAsync();
        await StartAsync(world);
        var created = await CreateAsync(world);
        var status = await WaitForAsync(world, study => study.Reason == StudyReasons.AllRunsSucceeded);

        Assert.Equal(("4/4", 0, 0, "sft"), (status.RunsDone, status.Active, status.Failed, status.Baseline));
        Assert.All(status.Runs, run => Assert.Equal((StudyRunState.Succeeded, "87.50"), (run.State, run.AverageAccuracy)));
        Assert.Equal(["sft", "slow"], status.Variants.Select(variant => variant.Name));
        Assert.All(status.Variants, variant => Assert.Equal(("2/2", "87.50 ± 0.00", "-25.00 ± 0.00"), (variant.RunsDone, variant.AverageAccuracy, variant.Forgetting)));
        Assert.Equal(("0.00 ± 0.00", null), (status.Variants[1].AverageAccuracyFromBaseline, status.Variants[0].AverageAccuracyFromBaseline));
        Assert.Equal(ConditionStatus.True, status.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded).Status);

        // The stage that both variants share was trained once for each seed.
        Assert.Equal(
            ["demo-sft-1-half-a1", "demo-sft-1-parity-a1", "demo-sft-2-half-a1", "demo-sft-2-parity-a1", "demo-slow-1-half-a1", "demo-slow-2-half-a1"], await world.JobNamesAsync());
        var run = await world.GetAsync("demo-slow-2");
        Assert.Equal(("demo", "slow", "2", created.Metadata.Uid), (run.Metadata.Labels!["cpt.dev/study"], run.Metadata.Labels["cpt.dev/variant"], run.Metadata.Labels["cpt.dev/seed"], Assert.Single(run.Metadata.OwnerReferences!).Uid));

        // As people see it.
        var line = (await world.Kubectl.OutputAsync(["get", "cstudy", "demo", "-n", world.Namespace, "--no-headers"])).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["demo", "True", "AllRunsSucceeded", "4/4", "0", "0"], line[..6]);
        var told = (await world.Client.ListAsync<Event>(new() { Namespace = world.Namespace })).Items.Where(one => one.Regarding?.Kind == "ContinualStudy").ToList();
        Assert.Equal(4, told.Count(one => one.Reason == "RunStarted"));
    }

    [Fact]
    public async Task NoMoreRunsAreAtWorkThanMayBe()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, s_endless));
        await StartAsync(world);
        await CreateAsync(world, Spec.Replace("concurrency: 2", "concurrency: 1", StringComparison.Ordinal));
        await WaitForAsync(world, study => study.Runs.Any(run => run.Reason == Reasons.Running));
        Assert.Equal(["demo-sft-1"], (await RunsAsync(world)).Select(run => run.Metadata.Name));
    }

    [Fact]
    public async Task ASuspendedStudySavesAndGoesOnWhenItIsResumed()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, s_endless));
        await StartAsync(world);
        await CreateAsync(world);
        await WaitForAsync(world, study => study.Runs.Any(run => run.Reason == Reasons.Running));

        await PatchAsync(world, """{"spec":{"suspend":true}}""");
        var suspended = await WaitForAsync(world, study => study.Reason == StudyReasons.Suspended);
        Assert.Equal(ConditionStatus.True, suspended.Conditions.Single(condition => condition.Type == ConditionTypes.Suspended).Status);
        Assert.Empty(await world.JobsAsync());

        await PatchAsync(world, """{"spec":{"suspend":false}}""");
        Assert.Equal("4/4", (await WaitForAsync(world, study => study.Reason == StudyReasons.AllRunsSucceeded)).RunsDone);
    }

    [Fact]
    public async Task AFailedRunStopsNoOtherAndIsTriedAgainUnderAnotherToken()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("half", 1, new AttemptScript { Ending = new Ending.Exits(65, "TaskInvalid", "a line is broken") }));
        await StartAsync(world);
        await CreateAsync(world, Spec.Replace("seeds: [1, 2]", "seeds: [1]", StringComparison.Ordinal));
        var failed = await WaitForAsync(world, study => study.Reason == StudyReasons.RunsFailed);
        Assert.Equal((2, ConditionStatus.False), (failed.Failed, failed.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded).Status));
        Assert.Contains("demo-sft-1 (StageFailed)", failed.Message, StringComparison.Ordinal);

        await PatchAsync(world, """{"spec":{"retryToken":"again"}}""");
        Assert.Equal("2/2", (await WaitForAsync(world, study => study.Reason == StudyReasons.AllRunsSucceeded)).RunsDone);
    }

    [Fact]
    public async Task AWrongStudyStartsNothingAndNamesTheVariantAndTheField()
    {
        await using var world = await clusters.OpenAsync();
        await StartAsync(world);
        await CreateAsync(world);
        await WaitForAsync(world, study => study.Reason == StudyReasons.AllRunsSucceeded);
        await PatchAsync(world, """{"spec":{"variants":[{"name":"sft"},{"name":"slow","patch":{"stages":[{"name":"*","rft":{"groupsize":8}}]}}]}}""");
        var status = await WaitForAsync(world, study => study.Reason == StudyReasons.InvalidSpec);
        Assert.Contains("in variant slow, spec.stages[0].rft.groupsize: unknown field; did you mean groupSize?", status.Message, StringComparison.Ordinal);
        // What was known stays.
        Assert.Equal(4, status.Succeeded);
    }

    [Fact]
    public async Task ARunOfSomebodyElseIsLeftAlone()
    {
        await using var world = await clusters.OpenAsync();
        await world.CreateAsync(world.Run(spec => spec with { Suspend = true }, "demo-sft-1"));
        await StartAsync(world);
        await CreateAsync(world);
        var status = await WaitForAsync(world, study => study.Reason == StudyReasons.NameTaken);
        Assert.Contains("demo-sft-1", status.Message, StringComparison.Ordinal);
        Assert.Single(await RunsAsync(world));
    }

    [Fact]
    public async Task TheRunsOfADeletedStudyGoWithIt()
    {
        await using var world = await clusters.OpenAsync(controllers: true);
        await StartAsync(world);
        await CreateAsync(world);
        await WaitForAsync(world, study => study.Active > 0);
        await world.Client.DeleteAsync<StudyObject>("demo", world.Namespace);
        await Eventually.ThatAsync(async () => (await RunsAsync(world)).Count == 0);
    }

    [Fact]
    public async Task StudiesAreCountedByTheirReason()
    {
        await using var world = await clusters.OpenAsync();
        var application = await StartAsync(world);
        await CreateAsync(world);
        await WaitForAsync(world, study => study.Reason == StudyReasons.AllRunsSucceeded);
        using var client = new HttpClient();
        await Eventually.ThatAsync(async () => (await client.GetStringAsync($"{application.Urls.First()}/metrics")).Contains("""cpt_studies{reason="AllRunsSucceeded"} 1""", StringComparison.Ordinal));
    }

    private static Task<WebApplication> StartAsync(ClusterWorld world) => world.StartOperatorAsync(options => options with { Studies = true });

    private static Task<StudyObject> CreateAsync(ClusterWorld world, string spec = Spec) => world.Client.CreateAsync(StudyObject.Of(ManifestReader.ReadStudy($$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualStudy
        metadata: {name: demo, namespace: {{world.Namespace}}}
        spec:
          {{spec}}
        """, "study.yaml")), cancellation: TestContext.Current.CancellationToken);

    private static Task<StudyObject> PatchAsync(ClusterWorld world, string json) => world.Client.PatchAsync<StudyObject>("demo", world.Namespace, Patch.Merge(A.Json(json)));

    private static async Task<IReadOnlyList<RunObject>> RunsAsync(ClusterWorld world) => (await world.Client.ListAsync<RunObject>(new() { Namespace = world.Namespace })).Items;

    private static async Task<ContinualStudyStatus> WaitForAsync(ClusterWorld world, Func<ContinualStudyStatus, bool> condition)
    {
        ContinualStudyStatus? last = null;
        try
        {
            await Eventually.ThatAsync(async () => (last = (await world.Client.GetAsync<StudyObject>("demo", world.Namespace)).Status.Value) is { } status && condition(status));
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"waited in vain; the study says {last?.Reason}: {last?.Message} ({string.Join(", ", last?.Runs.Select(run => $"{run.Name} {run.State} {run.Reason}") ?? [])}); troubles: {string.Join(" | ", world.Troubles)}");
        }

        return last!;
    }
}
