using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Cpt.Api.Reading;
using Cpt.Runs;

namespace Cpt.Api.Tests.Schema;

/// <summary>Runs as JSON, right and wrong, and what the operator says to them.</summary>
internal static partial class RunJson
{
    /// <summary>Every field of the spec, each with an allowed value.</summary>
    public const string Everything = """
        apiVersion: cpt.dev/v1alpha1
        kind: ContinualRun
        metadata: {name: everything}
        spec:
          suspend: true
          retryToken: again
          seed: 7
          baseModel: {uri: azblob://models/base}
          storage: {uri: azblob://checkpoints/x, secretRef: {name: cpt-storage}, retention: {checkpointsPerStage: 3}, deletionPolicy: Delete}
          template: &template
            image: ghcr.io/example/cpt-trainer:1
            nodes: 1
            processesPerNode: 1
            device: cuda
            resources: {limits: {nvidia.com/gpu: "8", memory: 900Gi}}
            serviceAccountName: cpt-trainer
            terminationGracePeriodSeconds: 60
            podOverrides: {nodeSelector: {pool: a100}, tolerations: []}
          queue: {name: gpu}
          checkpoint: {intervalSteps: 20}
          retry: {maxRetries: 4, backoff: {initialSeconds: 5, maxSeconds: 50}}
          evaluation:
            scope: AllTasks
            benchmarks: [{name: copy, uri: "generated://digits/copy?seed=1", scorer: ExactMatch}]
            gates: [{metric: benchmarkDrop, maximum: "5", minimum: "-100", confidence: "0.95", onFailure: Suspend}]
            drift: {prompts: 32}
            temperature: "0.5"
            maxSamples: 100
            maxResponseTokens: 64
            prompt: ChainOfThought
          reusePolicy: IfUnchanged
          activeDeadlineSeconds: 604800
          ttlSecondsAfterFinished: 86400
          stages:
          - name: first
            method: RFT
            task: {uri: "generated://digits/parity?seed=1", scorer: Numeric}
            rft:
              algorithm: RLOO
              groupSize: 4
              klCoefficient: "0.01"
              kl: {reference: Base, estimator: k2}
              clipLow: "0.1"
              clipHigh: "0.4"
              dualClip: "2"
              temperature: "0.9"
              topP: "0.95"
              topK: 50
              maxResponseTokens: 128
              miniBatches: 2
              lossAggregation: SequenceMean
              dynamicSampling: 2
              prompt: ChainOfThought
              reward: {accuracyWeight: "0.8", formatWeight: "0.2", components: [{scorer: BoxedAnswer, weight: "0.5"}], service: {url: "http://rewards/judge", weight: "0.5", timeoutSeconds: 60, batchSize: 128, retries: 5}}
              preflightRollouts: 32
              instanceFilter: {rollouts: 16, minimumReward: "0.5", minimumSolved: 2, maximumSolved: 12, control: Random}
            probe: {samples: 32, rollouts: 4}
            lora: {rank: 8, alpha: "16", dropout: "0.05", targets: [q_proj, v_proj], visionTower: true, rankStabilized: true}
            parameters:
              learningRate: "1e-6"
              steps: "200"
              batchSize: "64"
              microBatchSize: "8"
              schedule: Linear
              warmupRatio: "0.05"
              weightDecay: "0.02"
              beta1: "0.8"
              beta2: "0.99"
              epsilon: "1e-9"
              maxGradientNorm: "2"
              maxSequenceTokens: "1024"
              precision: bfloat16
              gradientCheckpointing: "true"
              offloadOptimizer: "true"
              packSequences: "false"
              stopAtAccuracy: "0.9"
              stopCheckSteps: "10"
              stopEvaluationSamples: "128"
            template: *template
          - name: second
            method: SFT
            task: {uri: "file:///data/second"}
            freeze: [visual.*]
            selfDistillation: {rollouts: 4, minimumReward: "0.9", perSample: All, prompt: ChainOfThought, temperature: "0.8", topP: "0.9", maxResponseTokens: 64}
            parameters: {epochs: "0.5"}
            replay: {percentage: 10, fromStages: [first]}
            regularization: {ewc: {lambda: "400", fisherSamples: 128}, lwf: {weight: "0.5", temperature: "2"}}
          - name: joint
            method: SFT
            tasks:
            - {name: third, uri: "file:///data/third", scorer: Numeric}
            - {name: fourth, uri: "file:///data/fourth"}
            parameters: {epochs: "0.5"}
        """;

    /// <summary>As kubectl makes it of YAML.</summary>
    public static JsonObject Of(string manifest)
    {
        var errors = new List<FieldError>();
        var node = YamlTree.Parse(manifest, errors);
        Assert.Empty(errors);
        return (JsonObject)FreeForm.ToJson(node!)!;
    }

    /// <summary>Paths of all that the operator finds in a stored object, without the numbers of list entries, which older API servers do not say.</summary>
    public static IReadOnlyList<string> OperatorRefuses(JsonNode stored)
    {
        try
        {
            var run = JsonSerializer.Deserialize(stored.ToJsonString(), RunsJson.Default.RunObject)!.ToRun();
            return [.. RunValidator.Validate(run).Select(error => WithoutIndexes(error.Path))];
        }
        catch (ManifestException unreadable)
        {
            return [.. unreadable.Errors.Select(error => WithoutIndexes(error.Path))];
        }
    }

    public static string WithoutIndexes(string path) => Index().Replace(path, "");

    [GeneratedRegex(@"\[[^\]]*\]")]
    private static partial Regex Index();
}
