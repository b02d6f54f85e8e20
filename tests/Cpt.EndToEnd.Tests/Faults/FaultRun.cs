using Cpt.Tests.Cluster;

namespace Cpt.EndToEnd.Tests.Faults;

/// <summary>A chain of two stages, short and long enough to be hit in its middle. Each run has a storage of its own: nothing is reused from another.</summary>
internal static class FaultRun
{
    public const string Learn = "learn";
    public const string Refine = "refine";

    /// <summary>Namespaces have names of their own, also from one test run to the next.</summary>
    public static string StorageOf(string ns) => $"azblob://faults/{ns}";

    public static Task<ClusterRun> StartAsync(Kubectl kubectl, string ns, string name) => ClusterRun.ApplyAsync(kubectl, ns, name, $$$"""
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata: {name: {{{name}}}}
        spec:
          seed: 7
          baseModel: {uri: bundled://models/digits-base}
          storage:
            uri: {{{StorageOf(ns)}}}
            secretRef: {name: cpt-storage}
          template:
            terminationGracePeriodSeconds: 30
            resources:
              requests: {cpu: 200m, memory: 256Mi}
              limits: {memory: 1Gi, ephemeral-storage: 512Mi}
            # One thread: the weights depend on the number of threads, and they are compared.
            podOverrides: {containers: [{name: trainer, env: [{name: CPT_THREADS, value: "1"}]}]}
          checkpoint: {intervalSteps: 5}
          retry: {maxRetries: 10, backoff: {initialSeconds: 1, maxSeconds: 5}}
          evaluation: {maxResponseTokens: 4}
          stages:
          - name: {{{Learn}}}
            method: SFT
            task: {uri: "generated://digits/parity?seed=1&train=512&eval=64"}
            parameters: {learningRate: "5e-5", steps: "20", batchSize: "16", maxSequenceTokens: "16"}
          - name: {{{Refine}}}
            method: RFT
            task: {uri: "generated://digits/half?seed=1&train=512&eval=64"}
            rft: {algorithm: GRPO, groupSize: 8, maxResponseTokens: 4}
            parameters: {learningRate: "5e-5", steps: "80", batchSize: "32", maxSequenceTokens: "16"}
        """);
}
