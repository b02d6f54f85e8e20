using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.StandIn.Tests;

/// <summary>What Jobs and Pods look like: with the stand-in as Job controller, and with a real one beside it.</summary>
[Trait("Category", "Cluster")]
public sealed class JobTests(Clusters clusters)
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AJobRunsOnePodAndIsComplete(bool controllers)
    {
        await using var stage = await clusters.StageAsync(controllers);
        var created = await stage.CreateJobAsync("a");

        var job = await stage.EndOfAsync("a");

        Assert.True(job.IsComplete);
        Assert.Equal((1, null, null), (job.Status!.Succeeded, job.Status.Active, job.Status.Failed));
        Assert.NotNull(job.Status.CompletionTime);
        Assert.True(job.Status.CompletionTime >= job.Status.StartTime);
        var pod = await stage.PodAsync("a");
        Assert.Equal(created.Metadata.Uid, Owners.ControllerOf(pod)!.Uid);
        Assert.Equal(("ml", created.Metadata.Uid), (pod.Metadata.Labels!["team"], pod.Metadata.Labels["controller-uid"]));
        Assert.Equal(("Succeeded", 0), (pod.Status!.Phase, pod.Status.ContainerStatuses![0].State!.Terminated!.ExitCode));
        Assert.Equal("stand-in-" + stage.Namespace, pod.Spec.NodeName);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task AJobWhosePodFailsHasFailed(bool controllers)
    {
        await using var stage = await clusters.StageAsync(controllers, Always(new Ending.Exits(70)));
        await stage.CreateJobAsync("a");

        var job = await stage.EndOfAsync("a");

        Assert.True(job.IsFailed);
        Assert.Equal("BackoffLimitExceeded", job.Status!.Conditions!.Find(condition => condition.Type == "Failed")!.Reason);
        Assert.Equal((1, null, null), (job.Status.Failed, job.Status.Active, job.Status.CompletionTime));
        Assert.Equal(70, (await stage.PodAsync("a")).Status!.ContainerStatuses![0].State!.Terminated!.ExitCode);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task WhileItRunsAJobIsActiveAndItsPodHasAnAddress(bool controllers)
    {
        await using var stage = await clusters.StageAsync(controllers, Always(new Ending.Never()));
        await stage.CreateJobAsync("a");
        await stage.RunningAsync("a");

        await Eventually.ThatAsync(async () => (await stage.JobAsync("a")).Status is { Active: 1, StartTime: not null, Conditions: null or [] });
        Assert.StartsWith("127.", (await stage.PodAsync("a")).Status!.PodIP, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailuresUpToTheBackoffLimitGetANewPod()
    {
        var pods = 0;
        await using var stage = await clusters.StageAsync(options: new()
        {
            Scenario = new() { Default = _ => new() { Ending = Interlocked.Increment(ref pods) < 3 ? new Ending.Exits(1) : new Ending.Completes() } },
        });
        await stage.CreateJobAsync("a", change: job => job.Spec.BackoffLimit = 2);

        var job = await stage.EndOfAsync("a");

        Assert.True(job.IsComplete);
        Assert.Equal((1, 2), (job.Status!.Succeeded, job.Status.Failed));
        Assert.Equal(3, (await stage.PodsAsync("a")).Count);
    }

    [Fact]
    public async Task ParallelJobsRunAsManyPodsAsTheyAskFor()
    {
        await using var stage = await clusters.StageAsync();
        await stage.CreateJobAsync("a", change: job => (job.Spec.Parallelism, job.Spec.Completions) = (2, 3));

        Assert.Equal(3, (await stage.EndOfAsync("a")).Status!.Succeeded);
        Assert.Equal(3, (await stage.PodsAsync("a")).Count);
    }

    [Fact]
    public async Task IndexedJobsNumberTheirPods()
    {
        await using var stage = await clusters.StageAsync();
        await IfServerHasAsync(stage, minor: 24);
        await stage.CreateJobAsync("a", change: job => (job.Spec.Parallelism, job.Spec.Completions, job.Spec.CompletionMode) = (3, 3, "Indexed"));

        var job = await stage.EndOfAsync("a");

        Assert.True(job.IsComplete);
        Assert.Equal("0-2", job.Status!.CompletedIndexes);
        var pods = await stage.PodsAsync("a");
        Assert.Equal(["0", "1", "2"], pods.Select(pod => pod.Metadata.Annotations![JobLabels.Index]).Order());
        Assert.All(pods, pod => Assert.Equal("a-" + pod.Metadata.Annotations![JobLabels.Index], pod.Spec.Hostname));
        Assert.All(pods, pod => Assert.Contains(pod.Spec.Containers[0].Env!, variable => variable.Name == "JOB_COMPLETION_INDEX"));
    }

    [Fact]
    public async Task ASuspendedJobRunsNothingUntilItIsResumed()
    {
        await using var stage = await clusters.StageAsync(options: Always(new Ending.Never()));
        await IfServerHasAsync(stage, minor: 24);
        await stage.CreateJobAsync("a", change: job => job.Spec.Suspend = true);
        await Eventually.ThatAsync(async () => Suspended(await stage.JobAsync("a")) == "True");
        Assert.Empty(await stage.PodsAsync("a"));

        await SuspendAsync(stage, "a", false);
        await stage.RunningAsync("a");
        await Eventually.ThatAsync(async () => Suspended(await stage.JobAsync("a")) == "False");

        await SuspendAsync(stage, "a", true);
        await Eventually.ThatAsync(async () => (await stage.PodsAsync("a")).Count == 0 && Suspended(await stage.JobAsync("a")) == "True");
    }

    [Fact]
    public async Task AJobThatWasThereBeforeTheStandInIsTakenUp()
    {
        await using var stage = await clusters.StageAsync(options: Always(new Ending.Never()));
        await stage.CreateJobAsync("a");
        await stage.RunningAsync("a");
        var pod = (await stage.PodAsync("a")).Metadata.Uid;
        await stage.StandIn.DisposeAsync();

        await using var next = await ClusterStandIn.StartAsync(stage.Client.Cluster, new() { Namespace = stage.Namespace, Node = "stand-in-" + stage.Namespace });

        Assert.True((await stage.EndOfAsync("a")).IsComplete);
        Assert.Equal(pod, (await stage.PodAsync("a")).Metadata.Uid);
    }

    [Theory]
    [InlineData(true, 5)]
    [InlineData(false, 3)]
    public async Task AJobCostsAFewCalls(bool showsRunning, int calls)
    {
        await using var stage = await clusters.StageAsync(options: new() { ShowsRunning = showsRunning });
        var before = stage.StandIn.Calls.Total;
        await stage.CreateJobAsync("a", stage.Spec("sums"));
        await stage.EndOfAsync("a");

        Assert.Equal(calls, stage.StandIn.Calls.Total - before);
        Assert.Equal(1, stage.StandIn.Calls.ByCall["post pods"]);
    }

    [Fact]
    public async Task HundredsOfJobsAtOnceAllEnd()
    {
        await using var stage = await clusters.StageAsync();
        await Parallel.ForAsync(0, 200, async (i, _) => await stage.CreateJobAsync($"j{i}"));

        await Eventually.ThatAsync(async () =>
            (await stage.Client.ListAsync<Job>(new() { Namespace = stage.Namespace })).Items.Count(job => job.IsComplete && job.Status!.Succeeded == 1) == 200);
        Assert.Equal(200, (await stage.Client.ListAsync<Pod>(new() { Namespace = stage.Namespace })).Items.Count);
    }

    private static StandInOptions Always(Ending ending) => new() { Scenario = new() { Default = _ => new() { Ending = ending } } };

    private static string? Suspended(Job job) => job.Status?.Conditions?.Find(condition => condition.Type == "Suspended")?.Status;

    private static Task SuspendAsync(Stage stage, string job, bool suspend) =>
        stage.Client.PatchAsync<Job>(job, stage.Namespace, Patch.Set("spec", new JsonObject { ["suspend"] = suspend }));

    private static async Task IfServerHasAsync(Stage stage, int minor) =>
        Assert.SkipUnless((await stage.Client.GetVersionAsync()).IsAtLeast(minor), $"servers before 1.{minor} do not have it");
}
