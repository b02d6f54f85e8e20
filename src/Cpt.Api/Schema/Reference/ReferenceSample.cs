using System.Text.Json.Nodes;

namespace Cpt.Api.Schema.Reference;

/// <summary>One run in which every field has a value: where the examples of the reference come from. A test reads it as strictly as a manifest and misses no field.</summary>
/// <param name="json">One object.</param>
internal sealed class ReferenceSample(string json)
{
    public ReferenceSample()
        : this(Json)
    {
    }

    public const string Json = """
        {
          "apiVersion": "cpt.dev/v1alpha1", "kind": "ContinualRun", "metadata": {"name": "seven-tasks", "namespace": "ml"},
          "spec": {
            "suspend": false, "retryToken": "2026-01-15", "seed": 1,
            "baseModel": {"uri": "azblob://models/qwen2.5-vl-7b-instruct"},
            "storage": {"uri": "azblob://checkpoints/seven-tasks", "secretRef": {"name": "cpt-storage"}, "retention": {"checkpointsPerStage": 2}, "deletionPolicy": "Retain"},
            "template": {
              "image": "ghcr.io/example/cpt-trainer:1", "nodes": 1, "processesPerNode": 1, "device": "cuda",
              "resources": {"limits": {"nvidia.com/gpu": "1", "memory": "120Gi"}}, "serviceAccountName": "cpt-trainer", "terminationGracePeriodSeconds": 300,
              "podOverrides": {"nodeSelector": {"pool": "a100"}}
            },
            "queue": {"name": "gpu-a100"},
            "checkpoint": {"intervalSteps": 200},
            "retry": {"maxRetries": 3, "backoff": {"initialSeconds": 10, "maxSeconds": 600}},
            "evaluation": {
              "scope": "AllTasks", "benchmarks": [{"name": "mmlu-pro", "uri": "azblob://bench/mmlu-pro", "scorer": "ChoiceLetter"}],
              "gates": [{"metric": "forgetting", "maximum": "5", "confidence": "0.95", "onFailure": "Suspend"}, {"metric": "averageAccuracy", "minimum": "60"}],
              "drift": {"prompts": 64}, "temperature": "0", "maxSamples": 500, "maxResponseTokens": 512, "prompt": "ChainOfThought"
            },
            "reusePolicy": "IfUnchanged", "activeDeadlineSeconds": 604800, "ttlSecondsAfterFinished": 86400,
            "stages": [{
              "name": "scienceqa", "method": "RFT", "task": {"uri": "azblob://data/scienceqa", "scorer": "ChoiceLetter"},
              "rft": {
                "algorithm": "GRPO", "groupSize": 8, "klCoefficient": "0.01", "kl": {"reference": "Base", "estimator": "k3"}, "clipLow": "0.2", "clipHigh": "0.28", "dualClip": "3",
                "temperature": "1", "topP": "0.95", "topK": 50, "maxResponseTokens": 384, "miniBatches": 2, "lossAggregation": "TokenMean", "dynamicSampling": 2, "prompt": "ChainOfThought",
                "reward": {
                  "accuracyWeight": "0.9", "formatWeight": "0.1", "components": [{"scorer": "BoxedAnswer", "weight": "0.5"}],
                  "service": {"url": "http://rewards.ml.svc:8080/judge", "weight": "0.5", "timeoutSeconds": 60, "batchSize": 128, "retries": 5}
                }, "preflightRollouts": 64, "instanceFilter": {"rollouts": 8, "minimumReward": "0.5", "minimumSolved": 1, "maximumSolved": 7, "control": "None"}
              },
              "parameters": {
                "learningRate": "1e-6", "epochs": "0.5", "steps": "400", "batchSize": "64", "microBatchSize": "4", "schedule": "Cosine", "warmupRatio": "0.03", "weightDecay": "0.01", "beta1": "0.9",
                "beta2": "0.95", "epsilon": "1e-8", "maxGradientNorm": "1", "maxSequenceTokens": "2048", "precision": "bfloat16", "stopAtAccuracy": "0.9", "stopCheckSteps": "10",
                "stopEvaluationSamples": "512", "gradientCheckpointing": "true", "offloadOptimizer": "true", "packSequences": "true"
              },
              "selfDistillation": {"rollouts": 8, "minimumReward": "0.5", "perSample": "One", "prompt": "Direct", "temperature": "1", "topP": "0.95", "maxResponseTokens": 384},
              "tasks": [{"name": "gqa", "uri": "azblob://data/gqa", "scorer": "ExactMatch"}],
              "probe": {"samples": 64, "rollouts": 8},
              "lora": {"rank": 16, "alpha": "32", "dropout": "0.05", "targets": ["q_proj", "v_proj"], "visionTower": false, "rankStabilized": false},
              "freeze": ["visual.*"],
              "regularization": {"ewc": {"lambda": "400", "fisherSamples": 256}, "lwf": {"weight": "1", "temperature": "2"}},
              "replay": {"percentage": 10, "fromStages": ["textvqa"]},
              "template": {"resources": {"limits": {"nvidia.com/gpu": "2"}}}
            }]
          },
          "status": {
            "observedGeneration": 2,
            "conditions": [{"type": "Succeeded", "status": "Unknown", "reason": "Running", "message": "Stage scienceqa trains (attempt 2).", "observedGeneration": 2, "lastTransitionTime": "2026-01-15T08:00:00Z"}],
            "reason": "Running", "message": "Stage scienceqa trains (attempt 2).", "currentStage": "scienceqa", "stagesDone": "1/7", "progress": "40/400", "methods": "SFT,RFT",
            "startTime": "2026-01-15T08:00:00Z", "completionTime": "2026-01-19T20:41:07Z", "nextRetryTime": "2026-01-15T09:10:20Z", "lastRetryToken": "2026-01-15", "gatesPassedAfter": "textvqa",
            "immutableFields": {"spec.seed": "6b86b273"}, "baseModelDigest": "6f0c…", "checkpoint": "43d1…", "retries": 1, "preemptions": 2,
            "averageAccuracy": "71.40", "forgetting": "-2.31", "forgettingFromPeak": "-2.90", "forwardTransfer": "0.80",
            "matrix": {"tasks": ["textvqa", "scienceqa"], "learnedIn": ["textvqa", "scienceqa"], "benchmarks": ["mmlu-pro"], "rows": [{"after": "textvqa", "tasks": "71.40 -", "benchmarks": "38.05"}]},
            "stages": [{
              "name": "scienceqa", "method": "RFT", "state": "Running", "drift": "0.0312", "stageHash": "0a1b…", "specHash": "99fe…", "taskDigest": "77aa…", "taskDigests": ["77aa…", "41fe…"], "attempts": 2, "judgedAttempts": 1, "retries": 1, "failuresInARow": 1,
              "preemptions": 2, "stoppedAttempt": 1, "job": "seven-tasks-scienceqa-a2", "checkpointDigest": "43d1…", "checkpointStep": 200, "sampled": "6218/6218", "kept": "3917/6218", "probe": "RFT with instanceFilter: 31 % of rollouts solve their sample, 52 % of groups are mixed", "progress": "240/400",
              "progressTime": "2026-01-15T09:12:00Z", "startedAt": "2026-01-15T08:01:10Z", "finishedAt": "2026-01-15T10:40:00Z", "lastExitCode": 69, "reason": "StorageUnavailable",
              "message": "The container checkpoints does not answer (exit code 69)."
            }]
          }
        }
        """;

    private readonly JsonNode _run = JsonNode.Parse(json)!;

    /// <summary>As code, or nothing: an object's examples stand in its own table.</summary>
    public string Of(string path) => Value(path) switch
    {
        null => "",
        JsonObject when !IsFree(path) => "",
        JsonArray { Count: > 0 } list when list[0] is JsonObject => "",
        var value => $"`{FieldTables.Yaml(value)}`",
    };

    /// <summary>The first of these fields that has one.</summary>
    public JsonNode? Value(string path)
    {
        IEnumerable<JsonNode?> found = [_run];
        foreach (var part in path.Split('.'))
        {
            var name = part.Replace("[]", "", StringComparison.Ordinal);
            found = found.Select(node => node?[name]).Where(node => node is not null);
            if (name != part)
            {
                found = found.SelectMany(node => node!.AsArray());
            }
        }

        return found.FirstOrDefault();
    }

    private static bool IsFree(string path) => path.EndsWith(".resources", StringComparison.Ordinal) || path.EndsWith(".podOverrides", StringComparison.Ordinal) || path is "status.immutableFields" or "spec.variants[].patch";
}
