namespace Cpt.EndToEnd.Tests;

/// <summary>What Grafana would ask, answered by the cluster's Prometheus about runs whose trainers are pods.</summary>
[Trait("Category", "E2E")]
[Collection(nameof(InstalledCluster))]
public sealed class DashboardTests(InstalledCluster cluster)
{
    [Fact]
    public async Task EveryPanelHasDataOfARunThatTrainedInPods()
    {
        await cluster.StartAsync();
        var ns = await cluster.NamespaceAsync("watched");
        var run = await ClusterRun.ApplyAsync(cluster.Kubectl, ns, "watched", Manifest(ns, "watched"));

        // A retry and a preemption, which panels count.
        await Faults.Faults.RunOutOfMemoryAsync(await run.InTheMiddleOfAsync("refine"));
        await run.UntilAsync("is tried again", seen => ClusterRun.Attempts(seen, "refine") == 2);
        var pod = await run.InTheMiddleOfAsync("refine");
        await cluster.Kubectl.OutputAsync(["delete", "pod", "-n", ns, (string)pod["metadata"]!["name"]!, "--wait=false"]);
        await run.SucceededAsync();

        // A second run of the same stages reuses them.
        var again = await ClusterRun.ApplyAsync(cluster.Kubectl, ns, "watched-again", Manifest(ns, "watched-again"));
        await again.SucceededAsync();

        // One that cannot begin, for the table of those that need somebody.
        var broken = await ClusterRun.ApplyAsync(cluster.Kubectl, ns, "broken", Manifest(ns, "broken").Replace("generated://digits/parity", "azblob://nothing/here", StringComparison.Ordinal));
        await broken.UntilAsync("has failed", seen => ClusterRun.Ended(seen) == "False");

        // One with another seed, which trains its first stage anew: a rate has no value before a counter has been seen to rise. Its second stage goes on: what Prometheus is asked about this very moment has no
        // answer once every trainer's pod has ended.
        var live = await ClusterRun.ApplyAsync(cluster.Kubectl, ns, "live", Manifest(ns, "live", seed: 4, steps: 1_000_000, interval: 100));
        await live.InTheMiddleOfAsync("refine");

        IReadOnlyList<DashboardQuery> unanswered = [];
        await Patience.UntilAsync(
            "every panel has data",
            // No GPU is here whose hours could be counted.
            async () => (unanswered = [.. (await DashboardQueries.UnansweredAsync(cluster.Prometheus, new DashboardVariables())).Where(query => query.Panel != "GPU hours")]).Count == 0,
            () => Task.FromResult("without data:\n" + string.Join('\n', unanswered)));

        await cluster.Kubectl.OutputAsync(["delete", "crun", "live", "-n", ns]);
    }

    private static string Manifest(string ns, string name, int seed = 3, int steps = 80, int interval = 5) => $$$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata: {name: {{{name}}}}
        spec:
          seed: {{{seed}}}
          baseModel: {uri: bundled://models/digits-base}
          storage: {uri: azblob://watched/{{{ns}}}, secretRef: {name: cpt-storage}}
          template:
            resources: {requests: {cpu: 200m, memory: 256Mi}, limits: {memory: 1Gi} }
          checkpoint: {intervalSteps: {{{interval}}}}
          retry: {maxRetries: 10, backoff: {initialSeconds: 1, maxSeconds: 5} }
          evaluation:
            maxResponseTokens: 4
            benchmarks: [{name: copy, uri: "generated://digits/copy?seed=1&eval=64"}]
          stages:
          - name: learn
            method: SFT
            task: {uri: "generated://digits/parity?seed=1&train=512&eval=64"}
            parameters: {learningRate: "5e-5", steps: "20", batchSize: "16", maxSequenceTokens: "16"}
          - name: refine
            method: RFT
            task: {uri: "generated://digits/half?seed=1&train=512&eval=64"}
            rft: {algorithm: GRPO, groupSize: 8, maxResponseTokens: 4, klCoefficient: "0.01"}
            parameters: {learningRate: "5e-5", steps: "{{{steps}}}", batchSize: "32", maxSequenceTokens: "16"}
        """;
}
