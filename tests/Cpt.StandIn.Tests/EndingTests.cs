using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.StandIn.Tests;

/// <summary>Each way in which an attempt may end, as it can be seen on the Pod and the Job.</summary>
[Trait("Category", "Cluster")]
public sealed class EndingTests(Clusters clusters)
{
    [Fact]
    public async Task AnExitCodeComesWithItsTerminationMessage()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Exits(65, "BadData", "line 7 is no JSON") });
        await stage.EndOfAsync("a");

        var pod = await stage.PodAsync("a");
        Assert.Equal((65, "Error"), (Terminated(pod).ExitCode, Terminated(pod).Reason));
        Assert.Equal((65, "BadData", "line 7 is no JSON", 1), (Stage.ResultOf(pod).ExitCode, Stage.ResultOf(pod).Reason, Stage.ResultOf(pod).Message, Stage.ResultOf(pod).Attempt));
    }

    [Fact]
    public async Task OutOfMemoryIsSaidByTheContainer()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.OutOfMemory() });
        Assert.True((await stage.EndOfAsync("a")).IsFailed);
        Assert.Equal((137, "OOMKilled"), (Terminated(await stage.PodAsync("a")).ExitCode, Terminated(await stage.PodAsync("a")).Reason));
    }

    [Fact]
    public async Task AnEvictionIsSaidByThePod()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Evicted() });
        Assert.True((await stage.EndOfAsync("a")).IsFailed);
        Assert.Equal(("Failed", "Evicted"), ((await stage.PodAsync("a")).Status!.Phase, (await stage.PodAsync("a")).Status!.Reason));
    }

    [Fact]
    public async Task ADisruptionIsACondition()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Disrupted("DeletionByTaintManager") });
        Assert.True((await stage.EndOfAsync("a")).IsFailed);
        var condition = (await stage.PodAsync("a")).Status!.Conditions!.Find(condition => condition.Type == "DisruptionTarget")!;
        Assert.Equal((true, "DeletionByTaintManager"), (condition.IsTrue, condition.Reason));
    }

    [Fact]
    public async Task APreemptedPodSavesAndIsTakenAway()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Preempted(), EndsAfterStep = 3, CommitEvery = 1 });
        var job = await stage.EndOfAsync("a");

        Assert.True(job.IsFailed);
        Assert.Equal(1, job.Status!.Failed);
        await Eventually.ThatAsync(async () => (await stage.PodsAsync("a")).Count == 0);
        Assert.Equal(3, (await stage.Store.ListStepsAsync(stage.Spec("sums").StageHash))[0].Step);
    }

    [Fact]
    public async Task APodWhoseNodeIsLostVanishesUnsaved()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.NodeLost() });
        Assert.True((await stage.EndOfAsync("a")).IsFailed);
        Assert.Empty(await stage.PodsAsync("a"));
        Assert.Empty(await stage.Store.ListStepsAsync(stage.Spec("sums").StageHash));
    }

    [Fact]
    public async Task AMissingImageKeepsThePodWaiting()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.ImageMissing() });
        await Eventually.ThatAsync(async () => (await stage.PodsAsync("a")) is [{ Status: { Phase: "Pending", ContainerStatuses: [{ State.Waiting.Reason: "ImagePullBackOff" }] } }]);
        Assert.Equal(1, (await stage.JobAsync("a")).Status!.Active);
    }

    [Fact]
    public async Task APodWithoutANodeIsUnschedulable()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Unschedulable() });
        await Eventually.ThatAsync(async () =>
            (await stage.PodsAsync("a")) is [{ Status: { Phase: "Pending", Conditions: [{ Type: "PodScheduled", Status: "False", Reason: "Unschedulable" }, ..] } }]);
    }

    [Fact]
    public async Task ADeletedPodSavesWithinItsGraceAndExitsWith75()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Never(), Duration = TimeSpan.FromTicks(1), EndsAfterStep = 2 });
        await stage.RunningAsync("a");
        var ends = WatchAsync(stage);
        await stage.Client.DeleteAsync<Job>("a", stage.Namespace, new() { PropagationPolicy = PropagationPolicy.Foreground });

        var end = await ends;
        Assert.Equal(ExitCodes.Stopped, Terminated(end).ExitCode);
        Assert.Equal(("Stopped", 2), (Stage.ResultOf(end).Reason, Stage.ResultOf(end).Step));
        Assert.Equal(2, (await stage.Store.ListStepsAsync(stage.Spec("sums").StageHash))[0].Step);
    }

    [Fact]
    public async Task ATrainerThatSavesTooSlowlyIsKilledAtTheEndOfItsGrace()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Never(), Saving = TimeSpan.FromMinutes(5) }, job => job.Spec.Template.Spec.TerminationGracePeriodSeconds = 1);
        await stage.RunningAsync("a");
        var ends = WatchAsync(stage);
        await stage.Client.DeleteAsync<Pod>((await stage.PodAsync("a")).Metadata.Name!, stage.Namespace);

        Assert.Equal(137, Terminated(await ends).ExitCode);
    }

    [Fact]
    public async Task ATrainerThatHandlesNoSignalDiesOfIt()
    {
        await using var stage = await ScriptedAsync(new() { Ending = new Ending.Never(), SavesWhenStopped = false });
        await stage.RunningAsync("a");
        var ends = WatchAsync(stage);
        await stage.Client.DeleteAsync<Pod>((await stage.PodAsync("a")).Metadata.Name!, stage.Namespace);

        Assert.Equal(143, Terminated(await ends).ExitCode);
    }

    [Fact]
    public async Task AnAttemptEndsWhenTheTestSaysSo()
    {
        var gate = new TaskCompletionSource();
        await using var stage = await ScriptedAsync(new() { Until = cancellation => gate.Task.WaitAsync(cancellation) });
        await stage.RunningAsync("a");
        Assert.Null(await stage.Store.ReadManifestAsync(stage.Spec("sums").StageHash));
        gate.SetResult();
        Assert.True((await stage.EndOfAsync("a")).IsComplete);
    }

    [Fact]
    public async Task APodFailurePolicyThatIgnoresDisruptionsGetsANewPod()
    {
        await using var stage = await clusters.StageAsync();
        Assert.SkipUnless((await stage.Client.GetVersionAsync()).IsAtLeast(26), "servers before 1.26 do not have it");
        await stage.StandIn.DisposeAsync();
        var pods = 0;
        await using var standIn = await ClusterStandIn.StartAsync(stage.Client.Cluster, new()
        {
            Namespace = stage.Namespace,
            Scenario = new() { Default = _ => new() { Ending = Interlocked.Increment(ref pods) == 1 ? new Ending.Disrupted() : new Ending.Completes() } },
        });
        await stage.CreateJobAsync("a", change: job => job.Spec.PodFailurePolicy = new()
        {
            Rules = [new() { Action = "Ignore", OnPodConditions = [new() { Type = "DisruptionTarget" }] }],
        });

        Assert.True((await stage.EndOfAsync("a")).IsComplete);
        Assert.Equal(2, (await stage.PodsAsync("a")).Count);
    }

    private async Task<Stage> ScriptedAsync(AttemptScript script, Action<Job>? change = null)
    {
        var stage = await clusters.StageAsync(options: new() { Scenario = new Scenario().On("sums", 1, script) });
        await stage.CreateJobAsync("a", stage.Spec("sums"), change);
        return stage;
    }

    /// <summary>The pod's last words, which nobody sees who looks after it is gone.</summary>
    private static async Task<Pod> WatchAsync(Stage stage)
    {
        var list = await stage.Client.ListAsync<Pod>(new() { Namespace = stage.Namespace });
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        await foreach (var change in stage.Client.WatchAsync<Pod>(new() { Namespace = stage.Namespace, ResourceVersion = list.ResourceVersion }, end.Token))
        {
            if (change.Object.Status?.ContainerStatuses is [{ State.Terminated: not null }])
            {
                return change.Object;
            }
        }

        throw new InvalidOperationException("the watch ended");
    }

    private static ContainerStateTerminated Terminated(Pod pod) => pod.Status!.ContainerStatuses![0].State!.Terminated!;
}
