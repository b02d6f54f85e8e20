using System.Text.Json.Nodes;

namespace Cpt.EndToEnd.Tests.Faults;

/// <summary>
/// Each fault hits a run in the middle of its second stage. Each run ends with the weights of an undisturbed one, digest for digest, its first stage was trained once, and its second went on from a
/// checkpoint.
/// </summary>
[Trait("Category", "E2E")]
[Collection(nameof(InstalledCluster))]
public sealed class FaultTests(InstalledCluster cluster)
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task ATrainersPodIsDeleted()
    {
        var run = await StartAsync("pod-deleted");
        var pod = await run.InTheMiddleOfAsync(FaultRun.Refine);
        await cluster.Kubectl.OutputAsync(["delete", "pod", "-n", run.Namespace, NameOf(pod), "--wait=false"]);
        Assert.Equal(0, Retries(await AsUndisturbedAsync(run, Attempts.OneOrTwo, resumed: true)));
    }

    [Fact]
    public async Task ATrainersPodIsDeletedWithoutGrace()
    {
        var run = await StartAsync("pod-killed");
        var pod = await run.InTheMiddleOfAsync(FaultRun.Refine);
        await cluster.Kubectl.OutputAsync(["delete", "pod", "-n", run.Namespace, NameOf(pod), "--wait=false", "--grace-period=0", "--force"]);

        Assert.Equal(0, Retries(await AsUndisturbedAsync(run, Attempts.OneOrTwo, resumed: true)));
    }

    [Fact]
    public async Task ATrainerIsKilledBecauseMemoryRanOut()
    {
        var run = await StartAsync("out-of-memory");
        var pod = await run.InTheMiddleOfAsync(FaultRun.Refine);
        await Faults.RunOutOfMemoryAsync(pod);
        var killed = await Patience.UntilAsync("the pod says that memory ran out", async () =>
            (await run.PodsAsync(FaultRun.Refine)).FirstOrDefault(seen => NameOf(seen) == NameOf(pod))?["status"]?["containerStatuses"]?[0]?["state"]?["terminated"], run.DescribeAsync);
        Assert.Equal(("OOMKilled", 137), ((string?)killed["reason"], (int?)killed["exitCode"]));
        var ended = await AsUndisturbedAsync(run, Attempts.Two, resumed: true);
        Assert.Equal((0, 1), (Preemptions(ended), Retries(ended)));
        Assert.Contains("memory", await cluster.Kubectl.OutputAsync(["get", "events", "-n", run.Namespace, "--field-selector", $"involvedObject.name={run.Name}"]), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task ATrainersPodIsEvictedByTheKubelet()
    {
        var run = await StartAsync("evicted");
        var pod = await run.InTheMiddleOfAsync(FaultRun.Refine);
        await Faults.FreezeAsync(pod);
        Faults.FillItsDisk(cluster.Directory, pod, 600L << 20);
        var ended = await AsUndisturbedAsync(run, Attempts.Two, resumed: true);
        Assert.Equal((1, 0), (Preemptions(ended), Retries(ended)));
        Assert.Contains("Evicted", await cluster.Kubectl.OutputAsync(["get", "events", "-n", run.Namespace]), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ATrainersNodeIsDrained()
    {
        var run = await StartAsync("drained");
        var pod = await run.InTheMiddleOfAsync(FaultRun.Refine);
        var eviction = new JsonObject
        {
            ["apiVersion"] = "policy/v1beta1",
            ["kind"] = "Eviction",
            ["metadata"] = new JsonObject { ["name"] = NameOf(pod), ["namespace"] = run.Namespace },
        };
        await cluster.Kubectl.OutputAsync(["create", "--raw", $"/api/v1/namespaces/{run.Namespace}/pods/{NameOf(pod)}/eviction", "-f", "-"], eviction.ToJsonString());
        Assert.Equal(0, Retries(await AsUndisturbedAsync(run, Attempts.OneOrTwo, resumed: true)));
    }

    [Fact]
    public async Task TheLeadingOperatorsPodIsKilled()
    {
        var run = await StartAsync("operator-killed");
        await run.InTheMiddleOfAsync(FaultRun.Refine);
        var leader = await cluster.LeaderAsync();
        await cluster.Kubectl.OutputAsync(["delete", "pod", "-n", InstalledCluster.OperatorNamespace, leader, "--grace-period=0", "--force"]);
        var ended = await AsUndisturbedAsync(run, Attempts.One);
        Assert.Equal((0, 0), (Preemptions(ended), Retries(ended)));
        Assert.NotEqual(leader, await cluster.LeaderAsync());
    }

    [Fact]
    public async Task KubeletAndContainerdAreKilledAndStarted()
    {
        var run = await StartAsync("node-killed");
        await run.InTheMiddleOfAsync(FaultRun.Refine);
        await Faults.ScriptAsync("node.sh", "kill", cluster.Directory);
        await Faults.ScriptAsync("node.sh", "start", cluster.Directory);
        await AsUndisturbedAsync(run, Attempts.OneOrTwo);
        await cluster.ReadyAsync();
    }

    [Fact]
    public async Task TheWholeNodeLosesPower()
    {
        var run = await StartAsync("power-lost");
        await run.InTheMiddleOfAsync(FaultRun.Refine);
        await Faults.ScriptAsync("node.sh", "crash", cluster.Directory);
        await Faults.ScriptAsync("node.sh", "start", cluster.Directory);

        // The blob storage was on that node and may have lost its last seconds, and with them the checkpoint to go on from: what counts is what it ends with.
        Assert.Equal(0, Retries(await AsUndisturbedAsync(run, Attempts.OneOrTwo, resumed: false)));
        await cluster.ReadyAsync();
    }

    [Fact]
    public async Task TheBlobStorageIsGoneForAMinute()
    {
        var run = await StartAsync("storage-gone");
        await run.InTheMiddleOfAsync(FaultRun.Refine);
        await cluster.ScaleStorageAsync(0);
        await Faults.OutageAsync(s_minute);
        await cluster.ScaleStorageAsync(1);
        await AsUndisturbedAsync(run, Attempts.OneOrTwo);
    }

    [Fact]
    public async Task TheApiServerIsGoneForAMinute()
    {
        var run = await StartAsync("server-gone");
        await run.InTheMiddleOfAsync(FaultRun.Refine);
        await Faults.ScriptAsync("down.sh", "--kill", cluster.Directory, "kube-apiserver");
        await Faults.OutageAsync(s_minute);
        await Faults.ScriptAsync("up-apiserver.sh", cluster.Directory);
        await AsUndisturbedAsync(run, Attempts.OneOrTwo);
        await cluster.ReadyAsync();
    }

    private async Task<ClusterRun> StartAsync(string name)
    {
        await cluster.UndisturbedAsync();
        return await FaultRun.StartAsync(cluster.Kubectl, await cluster.NamespaceAsync(name), name);
    }

    /// <summary>Jobs that the second stage takes.</summary>
    private enum Attempts
    {
        One,
        Two,

        /// <summary>
        /// Of a pod that is deleted, two controllers learn at the same time: the Job's, which before pod replacement policies (Kubernetes 1.28) makes another pod of the same Job at once, and
        /// the operator, which makes another Job once this one has failed. Two trainers may be at work for a moment; commits settle it. Of an outage, only who was hit by it starts again.
        /// </summary>
        OneOrTwo,
    }

    /// <param name="run">After its fault.</param>
    /// <param name="attempts">Of the second stage.</param>
    /// <param name="resumed">Whether the fault ended its trainer, so that the last one must have gone on from a checkpoint: no step that was committed is trained twice. Null: where there was a second attempt.</param>
    private async Task<JsonNode> AsUndisturbedAsync(ClusterRun run, Attempts attempts, bool? resumed = null)
    {
        var ended = await run.SucceededAsync();
        Assert.Equal(await cluster.UndisturbedAsync(), ClusterRun.Digests(ended));
        Assert.Equal(1, ClusterRun.Attempts(ended, FaultRun.Learn));
        Assert.Single(await run.JobsAsync(FaultRun.Learn));
        var seen = ClusterRun.Attempts(ended, FaultRun.Refine);
        Assert.True(attempts switch { Attempts.One => seen == 1, Attempts.Two => seen == 2, _ => seen is 1 or 2 }, $"{seen} attempts, expected {attempts}: {await run.DescribeAsync()}");
        if (resumed ?? seen > 1)
        {
            var log = await cluster.Kubectl.OutputAsync(["logs", "-n", run.Namespace, "-l", $"cpt.dev/run={run.Name},cpt.dev/stage={FaultRun.Refine},cpt.dev/attempt={seen}", "--tail=-1"]);
            Assert.Contains("\"event\":\"resumed\"", log, StringComparison.Ordinal);
        }

        return ended;
    }

    private static string NameOf(JsonNode pod) => (string)pod["metadata"]!["name"]!;

    private static int Preemptions(JsonNode run) => (int?)run["status"]!["preemptions"] ?? 0;

    private static int Retries(JsonNode run) => (int?)run["status"]!["retries"] ?? 0;
}
