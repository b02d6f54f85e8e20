using System.Text.Json;
using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>
/// The defaults that the API server writes into an object. <see cref="RunDefaults"/> is the one place for values: they are read off a run that it has completed.
/// Here stands only which of them are the same for every run, whatever else it says. Fingerprints of immutable fields and hashes of stages are made with defaults
/// applied, so an object that was stored before a default stood here is still the same.
/// </summary>
/// <remarks>
/// Not here, since they depend on other fields: <c>retry.backoff</c> (the last wait is at least the first, so that one of them alone may be given), <c>evaluation.prompt</c>,
/// <c>rft</c> itself and <c>parameters</c> (the method decides), <c>rft.kl.reference</c> (the weight decides), <c>rft.reward</c> (the prompt decides), <c>rft.clipLow</c>, <c>rft.clipHigh</c>,
/// <c>rft.dualClip</c> and <c>rft.lossAggregation</c> (the algorithm decides), and
/// <c>stages[].template</c>, where a default would override what <c>spec.template</c> says.
/// </remarks>
internal sealed class SchemaDefaults
{
    private const string Sample = """
        {"apiVersion": "cpt.dev/v1alpha1", "kind": "ContinualRun", "metadata": {"name": "sample"}, "spec": {
           "baseModel": {"uri": "bundled://models/sample"}, "storage": {"uri": "pvc://sample/sample"},
           "evaluation": {"gates": [{"metric": "forgetting", "maximum": "5"}]},
           "stages": [
             {"name": "rft", "method": "RFT", "task": {"uri": "file:///rft"}, "rft": {"instanceFilter": {}, "reward": {"service": {"url": "http://rewards"}}}, "probe": {}},
             {"name": "sft", "method": "SFT", "task": {"uri": "file:///sft"}, "lora": {}, "selfDistillation": {}}]}}
        """;

    /// <summary>Objects that are made when they are missing, so that the defaults inside them show.</summary>
    private static readonly HashSet<string> s_parents = new(StringComparer.Ordinal)
    {
        "spec.checkpoint", "spec.evaluation", "spec.retry", "spec.storage.retention", "spec.template",
    };

    private static readonly HashSet<string> s_fields = new(StringComparer.Ordinal)
    {
        "spec.checkpoint.intervalSteps",
        "spec.evaluation.gates[].onFailure",
        "spec.evaluation.maxResponseTokens",
        "spec.evaluation.maxSamples",
        "spec.evaluation.scope",
        "spec.evaluation.temperature",
        "spec.retry.maxRetries",
        "spec.reusePolicy",
        "spec.seed",
        "spec.storage.deletionPolicy",
        "spec.storage.retention.checkpointsPerStage",
        "spec.suspend",
        "spec.template.device",
        "spec.template.nodes",
        "spec.template.processesPerNode",
        "spec.template.terminationGracePeriodSeconds",
    };

    /// <summary>
    /// As fixed as the others, but only explained: written out, they and the server's notes on who owns them would be a third of an object with 64 stages.
    /// </summary>
    private static readonly HashSet<string> s_explained = new(StringComparer.Ordinal)
    {
        "spec.stages[].probe.rollouts",
        "spec.stages[].probe.samples",
        "spec.stages[].rft.algorithm",
        "spec.stages[].rft.dynamicSampling",
        "spec.stages[].rft.groupSize",
        "spec.stages[].rft.kl.estimator",
        "spec.stages[].rft.instanceFilter.control",
        "spec.stages[].rft.instanceFilter.minimumReward",
        "spec.stages[].rft.instanceFilter.minimumSolved",
        "spec.stages[].rft.instanceFilter.rollouts",
        "spec.stages[].rft.klCoefficient",
        "spec.stages[].rft.maxResponseTokens",
        "spec.stages[].rft.miniBatches",
        "spec.stages[].rft.preflightRollouts",
        "spec.stages[].rft.prompt",
        "spec.stages[].rft.reward.service.batchSize",
        "spec.stages[].rft.reward.service.retries",
        "spec.stages[].rft.reward.service.timeoutSeconds",
        "spec.stages[].rft.reward.service.weight",
        "spec.stages[].rft.temperature",
        "spec.stages[].rft.topK",
        "spec.stages[].rft.topP",
    };

    private readonly JsonNode _run;

    public SchemaDefaults()
    {
        var run = JsonSerializer.Deserialize(Sample, ApiJson.Default.ContinualRun)!;
        _run = JsonSerializer.SerializeToNode(RunDefaults.Apply(run), ApiJson.Default.ContinualRun)!;
    }

    /// <summary>What the server writes where nothing stands.</summary>
    public JsonNode? Of(string path) => s_parents.Contains(path) ? new JsonObject() : s_fields.Contains(path) ? Value(path) : null;

    /// <summary>What the description says; the same for every run.</summary>
    public JsonNode? Explained(string path) => s_fields.Contains(path) || s_explained.Contains(path) ? Value(path) : null;

    /// <summary>The value of <c>parameters.key</c> where it is left out, for one method; null where there is none.</summary>
    public string? Parameter(Method method, string key) => Value($"spec.stages[].parameters.{key}", method)?.GetValue<string>();

    /// <summary>Of the first stage of this method; every other list has one entry in the sample.</summary>
    private JsonNode? Value(string path, Method method = Method.RFT)
    {
        var node = _run;
        foreach (var part in path.Split('.'))
        {
            var name = part.Replace("[]", "", StringComparison.Ordinal);
            node = node?[name];
            if (name != part)
            {
                node = node?[name == "stages" && method == Method.SFT ? 1 : 0];
            }
        }

        return node?.DeepClone();
    }
}
