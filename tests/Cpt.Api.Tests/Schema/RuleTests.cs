using System.Text.Json.Nodes;

namespace Cpt.Api.Tests.Schema;

/// <summary>
/// The CEL rules of the definition and the rules of the operator are two writings of the same: held to one table, on the server where that knows CEL, and everywhere with
/// an evaluator of the language.
/// </summary>
public sealed class RuleTests(ApiServer server)
{
    private const string Rft = "groupSize: 8";
    private const string Parameters = "parameters: {learningRate: \"1e-4\", steps: \"20\"}";
    private const string Top = "  storage:";

    /// <summary>A sentence, a line of the valid manifest, what it becomes, the place of the CEL rule that it breaks ("/" = none), and the field that the operator names.</summary>
    private static readonly (string Sentence, string Line, string Instead, string Rule, string Field)[] s_cases =
    [
        ("names that just fit a Job", "name: half", $"name: {new string('n', 51)}", "/", ""),
        ("names too long for a Job", "name: half", $"name: {new string('n', 52)}", "", "spec.stages[1].name"),

        ("a first wait longer than the last", Top, "  retry: {backoff: {initialSeconds: 20, maxSeconds: 10}}\n  storage:", "spec.retry.backoff", "spec.retry.backoff.initialSeconds"),
        ("equal waits", Top, "  retry: {backoff: {initialSeconds: 10, maxSeconds: 10}}\n  storage:", "/", ""),
        ("a long first wait alone", Top, "  retry: {backoff: {initialSeconds: 700}}\n  storage:", "/", ""),
        ("a short last wait alone", Top, "  retry: {backoff: {maxSeconds: 5}}\n  storage:", "/", ""),

        ("a gate without a limit", Top, "  evaluation: {gates: [{metric: forgetting}]}\n  storage:", "spec.evaluation.gates[0]", "spec.evaluation.gates[0]"),
        ("a gate that nothing passes", Top, "  evaluation: {gates: [{metric: averageAccuracy, minimum: \"60\", maximum: \"5e1\"}]}\n  storage:", "spec.evaluation.gates[0]", "spec.evaluation.gates[0].minimum"),
        ("a gate that one value passes", Top, "  evaluation: {gates: [{metric: averageAccuracy, minimum: \"60\", maximum: \"60.0\"}]}\n  storage:", "/", ""),
        ("a limit out of range", Top, "  evaluation: {gates: [{metric: averageAccuracy, minimum: \"-100.5\"}]}\n  storage:", "spec.evaluation.gates[0].minimum", "spec.evaluation.gates[0].minimum"),
        ("a gate on benchmarks that are not there", Top, "  evaluation: {gates: [{metric: benchmarkDrop, maximum: \"5\"}]}\n  storage:", "spec.evaluation", "spec.evaluation.gates[0].metric"),
        ("a gate on an empty list of benchmarks", Top, "  evaluation: {benchmarks: [], gates: [{metric: benchmarkDrop, maximum: \"5\"}]}\n  storage:", "spec.evaluation", "spec.evaluation.gates[0].metric"),
        ("a gate on benchmarks", Top, "  evaluation: {benchmarks: [{name: a, uri: \"file:///a\"}], gates: [{metric: benchmarkDrop, maximum: \"5\"}]}\n  storage:", "/", ""),
        ("a gate on forward transfer without its scores", Top, "  evaluation: {gates: [{metric: forwardTransfer, minimum: \"-5\"}]}\n  storage:", "spec.evaluation", "spec.evaluation.gates[0].metric"),
        ("a gate on forward transfer", Top, "  evaluation: {scope: AllTasks, gates: [{metric: forwardTransfer, minimum: \"-5\"}]}\n  storage:", "/", ""),
        ("a gate that nothing could ever convince", Top, "  evaluation: {gates: [{metric: forgetting, maximum: \"5\", confidence: \"1\"}]}\n  storage:", "spec.evaluation.gates[0].confidence", "spec.evaluation.gates[0].confidence"),
        ("a gate on drift that nobody measures", Top, "  evaluation: {gates: [{metric: drift, maximum: \"0.5\"}]}\n  storage:", "spec.evaluation", "spec.evaluation.gates[0].metric"),
        ("a gate on drift with a noise floor", Top, "  evaluation: {drift: {}, gates: [{metric: drift, maximum: \"0.5\", confidence: \"0.9\"}]}\n  storage:", "spec.evaluation.gates[0]", "spec.evaluation.gates[0].confidence"),
        ("a gate on drift", Top, "  evaluation: {drift: {}, gates: [{metric: drift, maximum: \"0.5\"}]}\n  storage:", "/", ""),
        ("an evaluation too hot", Top, "  evaluation: {temperature: \"2.1\"}\n  storage:", "spec.evaluation.temperature", "spec.evaluation.temperature"),

        ("an rft block for SFT", "method: RFT", "method: SFT", "spec.stages[0]", "spec.stages[0].rft"),
        ("a stage without a task", "    task: {uri: \"generated://digits/half?seed=1\"}\n", "", "spec.stages[1]", "spec.stages[1].task"),
        ("several tasks", "task: {uri: \"generated://digits/half?seed=1\"}", "tasks: [{name: one, uri: \"file:///one\"}, {name: two, uri: \"file:///two\"}]", "/", ""),
        ("one task beside several", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"file:///a\"}\n    tasks: [{name: one, uri: \"file:///one\"}]", "spec.stages[1]", "spec.stages[1].tasks"),
        ("no term of regularization", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    regularization: {}", "spec.stages[1].regularization", "spec.stages[1].regularization"),
        ("LwF for RFT", "method: RFT", "method: RFT\n    regularization: {lwf: {}}", "spec.stages[0]", "spec.stages[0].regularization.lwf"),
        ("EWC for RFT", "method: RFT", "method: RFT\n    regularization: {ewc: {lambda: \"400\"}}", "/", ""),
        ("LwF for SFT", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    regularization: {lwf: {}}", "/", ""),
        ("EWC beside a LoRA", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    lora: {rank: 4}\n    regularization: {ewc: {lambda: \"400\"}}", "spec.stages[1]", "spec.stages[1].regularization.ewc"),
        ("LwF beside a LoRA", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    lora: {rank: 4}\n    regularization: {lwf: {temperature: \"1\"}}", "/", ""),
        ("EWC where small changes are rounded away", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    parameters: {precision: bfloat16-master}\n    regularization: {ewc: {lambda: \"400\"}}", "spec.stages[1]", "spec.stages[1].regularization.ewc"),
        ("EWC with autocast", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    parameters: {precision: bfloat16}\n    regularization: {ewc: {lambda: \"400\"}}", "/", ""),
        ("steps beside epochs", "steps: \"20\"", "steps: \"20\", epochs: \"2\"", "spec.stages[0].parameters", "spec.stages[0].parameters.epochs"),
        ("a learning rate above one", "\"1e-4\"", "\"1.5\"", "spec.stages[0].parameters.learningRate", "spec.stages[0].parameters.learningRate"),
        ("a learning rate of one", "\"1e-4\"", "\"+1.\"", "/", ""),
        ("too many steps", "steps: \"20\"", "steps: \"10000001\"", "spec.stages[0].parameters.steps", "spec.stages[0].parameters.steps"),
        ("steps with leading zeros", "steps: \"20\"", "steps: \"0010000000\"", "/", ""),
        ("a sample of one token", "steps: \"20\"", "maxSequenceTokens: \"1\"", "spec.stages[0].parameters.maxSequenceTokens|spec.stages[0]", "spec.stages[0].parameters.maxSequenceTokens|spec.stages[0].rft.maxResponseTokens"),

        ("a KL weight without a reference", Rft, "klCoefficient: \"0.01\"\n      kl: {reference: None}", "spec.stages[0].rft", "spec.stages[0].rft.klCoefficient"),
        ("no KL weight and no reference", Rft, "klCoefficient: \"0.0\"\n      kl: {reference: None}", "/", ""),
        ("no KL weight by default and no reference", Rft, "kl: {reference: None}", "/", ""),
        ("a KL weight with the default reference", Rft, "klCoefficient: \"0.01\"\n      kl: {estimator: k1}", "/", ""),
        ("a dual clip that caps everything", Rft, "dualClip: \"0.5\"", "spec.stages[0].rft.dualClip", "spec.stages[0].rft.dualClip"),
        ("a dual clip at its limit", Rft, "dualClip: \"1\"", "spec.stages[0].rft.dualClip", "spec.stages[0].rft.dualClip"),
        ("a dual clip that is off", Rft, "dualClip: \"0.0\"", "/", ""),
        ("a dual clip just above one", Rft, "dualClip: \"1.01\"", "/", ""),
        ("an aggregation beside Dr.GRPO", Rft, "algorithm: DrGRPO\n      lossAggregation: TokenMean", "spec.stages[0].rft", "spec.stages[0].rft.lossAggregation"),
        ("an aggregation beside GSPO", Rft, "algorithm: GSPO\n      lossAggregation: SequenceMean", "spec.stages[0].rft", "spec.stages[0].rft.lossAggregation"),
        ("an aggregation beside REINFORCE++", Rft, "algorithm: REINFORCEPlusPlus\n      lossAggregation: SequenceMean", "/", ""),
        ("Dr.GRPO without an aggregation", Rft, "algorithm: DrGRPO", "/", ""),
        ("dynamic sampling beside REINFORCE++", Rft, "algorithm: REINFORCEPlusPlus\n      dynamicSampling: 2", "spec.stages[0].rft", "spec.stages[0].rft.dynamicSampling"),
        ("no dynamic sampling beside REINFORCE++", Rft, "algorithm: REINFORCEPlusPlus\n      dynamicSampling: 0", "/", ""),
        ("dynamic sampling beside GSPO", Rft, "algorithm: GSPO\n      dynamicSampling: 2", "/", ""),
        ("a filter that asks for more than is tried", Rft, "instanceFilter: {rollouts: 4, maximumSolved: 5}", "spec.stages[0].rft.instanceFilter", "spec.stages[0].rft.instanceFilter.maximumSolved"),
        ("a filter that keeps nothing", Rft, "instanceFilter: {minimumSolved: 5, maximumSolved: 4}", "spec.stages[0].rft.instanceFilter", "spec.stages[0].rft.instanceFilter.minimumSolved"),
        ("a filter that keeps nothing by default", Rft, "instanceFilter: {minimumSolved: 9}", "spec.stages[0].rft.instanceFilter", "spec.stages[0].rft.instanceFilter.minimumSolved"),
        ("a filter that keeps everything", Rft, "instanceFilter: {minimumSolved: 0}", "spec.stages[0].rft.instanceFilter", "spec.stages[0].rft.instanceFilter"),
        ("a filter beside components, which give the reward", Rft, "reward: {components: [{scorer: Numeric, weight: \"1\"}]}\n      instanceFilter: {}", "/", ""),
        ("a filter that asks for more than components give", Rft, "reward: {components: [{scorer: Numeric, weight: \"0.4\"}]}\n      instanceFilter: {}", "/", "spec.stages[0].rft.instanceFilter.minimumReward"),
        ("a filter with its defaults", Rft, "instanceFilter: {}", "/", ""),
        ("a filter for the hard ones", Rft, "instanceFilter: {rollouts: 4, minimumSolved: 0, maximumSolved: 2, control: Random}", "/", ""),
        ("self-distillation for RFT", "method: RFT", "method: RFT\n    selfDistillation: {}", "spec.stages[0]", "spec.stages[0].selfDistillation"),
        ("own rollouts as long as the context", "  - name: half\n", "  - name: half\n    selfDistillation: {maxResponseTokens: 512}\n", "spec.stages[1]", "spec.stages[1].selfDistillation.maxResponseTokens"),
        ("own rollouts that leave room for one token", "  - name: half\n", "  - name: half\n    selfDistillation: {maxResponseTokens: 511}\n", "/", ""),
        ("a form that nobody asks for", Rft, "reward: {formatWeight: \"0.1\"}", "spec.stages[0].rft", "spec.stages[0].rft.reward.formatWeight"),
        ("a form that is asked for", Rft, "prompt: ChainOfThought\n      reward: {formatWeight: \"0.1\"}", "/", ""),
        ("no reward for a form that nobody asks for", Rft, "reward: {formatWeight: \"0\"}", "/", ""),
        ("a reward for nothing", Rft, "reward: {accuracyWeight: \"0\"}", "spec.stages[0].rft", "spec.stages[0].rft.reward"),
        ("a reward for the form alone, by default", Rft, "prompt: ChainOfThought\n      reward: {accuracyWeight: \"0\"}", "/", ""),
        ("a reward for nothing in every form", Rft, "prompt: ChainOfThought\n      reward: {accuracyWeight: \"0\", formatWeight: \"0\"}", "spec.stages[0].rft", "spec.stages[0].rft.reward"),
        ("a reward by components alone", Rft, "reward: {components: [{scorer: YesNo, weight: \"0.5\"}]}", "/", ""),
        ("a reward by components of no weight", Rft, "reward: {components: [{scorer: YesNo, weight: \"0\"}, {scorer: Latex, weight: \"0.0\"}]}", "spec.stages[0].rft", "spec.stages[0].rft.reward"),
        ("a reward by components of no weight and the accuracy", Rft, "reward: {accuracyWeight: \"1\", components: [{scorer: YesNo, weight: \"0\"}]}", "/", ""),
        ("a reward by a service alone", Rft, "reward: {accuracyWeight: \"0\", service: {url: \"http://rewards/\"}}", "/", ""),
        ("a reward by a service of no weight", Rft, "reward: {accuracyWeight: \"0\", service: {url: \"http://rewards/\", weight: \"0\"}}", "spec.stages[0].rft", "spec.stages[0].rft.reward"),
        ("a component of a weight above one", Rft, "reward: {components: [{scorer: YesNo, weight: \"1.5\"}]}", "spec.stages[0].rft.reward.components[0].weight", "spec.stages[0].rft.reward.components[0].weight"),
        ("a clip above one", Rft, "clipLow: \"1.1\"", "spec.stages[0].rft.clipLow", "spec.stages[0].rft.clipLow"),
        ("more mini-batches than prompts by default", Rft, "miniBatches: 65", "spec.stages[0]", "spec.stages[0].rft.miniBatches"),
        ("as many mini-batches as prompts by default", Rft, "miniBatches: 64", "/", ""),
        ("more mini-batches than prompts", $"{Rft}\n    {Parameters}", "miniBatches: 33\n    parameters: {batchSize: \"32\"}", "spec.stages[0]", "spec.stages[0].rft.miniBatches"),
        ("a response as long as the context by default", Rft, "maxResponseTokens: 512", "spec.stages[0]", "spec.stages[0].rft.maxResponseTokens"),
        ("a response that leaves room for one token", Rft, "maxResponseTokens: 511", "/", ""),
        ("a context as long as the default response", Parameters, "parameters: {maxSequenceTokens: \"256\"}", "spec.stages[0]", "spec.stages[0].rft.maxResponseTokens"),
        ("a context just longer than the default response", Parameters, "parameters: {maxSequenceTokens: \"257\"}", "/", ""),
        ("a short context without any block for RFT", $"    rft:\n      {Rft}\n    {Parameters}", "    parameters: {maxSequenceTokens: \"100\"}", "spec.stages[0]", "spec.stages[0].rft.maxResponseTokens"),
        ("a short context for SFT", "task: {uri: \"generated://digits/half?seed=1\"}", "task: {uri: \"generated://digits/half?seed=1\"}\n    parameters: {maxSequenceTokens: \"100\"}", "/", ""),
    ];

    /// <summary>A sentence, a line of the valid manifest before and after, and the field that may not change so ("" = it may).</summary>
    private static readonly (string Sentence, string Before, string After, string Field)[] s_changes =
    [
        ("a seed written out as its default", Top, "  seed: 0\n  storage:", ""),
        ("a seed set", Top, "  seed: 1\n  storage:", "spec.seed"),
        ("a deadline set", Top, "  activeDeadlineSeconds: 60\n  storage:", ""),
        ("another base model", "bundled://models/digits-base", "bundled://models/other", "spec.baseModel.uri"),
        ("another storage", "pvc://checkpoints/demo", "pvc://checkpoints/other", "spec.storage.uri"),
    ];

    [Fact]
    public void TheOperatorNamesTheFieldOfEveryBrokenRule() => Assert.All(s_cases, entry =>
        Assert.Equal(
            entry.Field.Split('|', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
            RunValidator.Validate(Read(entry.Line, entry.Instead)).Select(error => error.Path).Order(StringComparer.Ordinal)));

    [Fact]
    public async Task TheCelRulesSayTheSameAsTheOperator()
    {
        var broken = await CelEvaluation.BrokenRulesAsync(s_cases.Select(entry => (RunJson.Of(ManifestText.With(entry.Line, entry.Instead)), (JsonObject?)null)).ToList());
        Assert.All(s_cases.Zip(broken), pair => Assert.Equal(
            (pair.First.Sentence, string.Join('|', Places(pair.First.Rule).Order(StringComparer.Ordinal))),
            (pair.First.Sentence, string.Join('|', pair.Second.Order(StringComparer.Ordinal)))));
    }

    [Fact]
    public void EveryRuleOfTheDefinitionIsBrokenBySomeRunOfTheTables()
    {
        var broken = s_cases.SelectMany(entry => Places(entry.Rule)).Concat(s_changes.Select(entry => entry.Field)).Select(RunJson.WithoutIndexes).ToHashSet(StringComparer.Ordinal);
        // Bounds of one number are all written by the same two attributes; some of each stand in the table.
        var rules = DefinitionTests.Walk().Where(entry => entry.Schema["x-kubernetes-validations"] is not null);
        Assert.Empty(rules.Where(entry => entry.Schema["pattern"] is null).Select(entry => RunJson.WithoutIndexes(entry.Path)).Except(broken));
    }

    [Fact]
    [Trait("Category", "Cluster")]
    public async Task AServerWithCelRefusesTheSameAndOneWithoutLeavesItToTheOperator()
    {
        var @namespace = await server.StartAsync();
        foreach (var (sentence, line, instead, rule, _) in s_cases)
        {
            var refusal = await server.RefusalAsync(@namespace, RunJson.Of(ManifestText.With(line, instead)));
            var due = server.HasCel && rule != "/";
            Assert.True(due == (refusal is not null), $"{sentence}: {refusal?.Message ?? "was taken"}");
            if (due)
            {
                Assert.All(Places(rule).Where(place => place.Length > 0), place => Assert.Contains(refusal!.Causes, cause => cause.Field == place));
            }
        }
    }

    [Fact]
    public async Task AChangeOfAFixedFieldIsRefusedByCelAndByTheOperator()
    {
        var broken = await CelEvaluation.BrokenRulesAsync(s_changes.SelectMany(entry => Both(entry).Select(pair => (RunJson.Of(pair.After), (JsonObject?)RunJson.Of(pair.Before)))).ToList());
        var due = s_changes.SelectMany(entry => new[] { entry.Field, entry.Field }).ToList();
        Assert.Equal(due, broken.Select(places => string.Join('|', places)));
        Assert.Equal(due, s_changes.SelectMany(Both).Select(pair => string.Join('|', RunValidator.ValidateUpdate(Read(pair.Before), Read(pair.After)).Select(error => error.Path))));
    }

    [Fact]
    [Trait("Category", "Cluster")]
    public async Task AServerWithCelRefusesToStoreAChangeOfAFixedField()
    {
        var @namespace = await server.StartAsync();
        foreach (var (before, after) in s_changes.SelectMany(Both))
        {
            await server.Kubectl.OutputAsync(["-n", @namespace, "apply", "--server-side", "-f", "-"], before);
            var result = await server.Kubectl.RunAsync(["-n", @namespace, "apply", "--server-side", "-f", "-"], after);
            var fields = RunValidator.ValidateUpdate(Read(before), Read(after));
            Assert.True(result.ExitCode == 0 == (!server.HasCel || fields.Count == 0), $"{after}{result.Error}");
            Assert.All(server.HasCel ? fields : [], field => Assert.Contains(field.Path, result.Error, StringComparison.Ordinal));
            await server.Kubectl.OutputAsync(["-n", @namespace, "delete", "crun", "demo"]);
        }
    }

    private static string[] Places(string rule) => rule == "/" ? [] : rule.Split('|');

    /// <summary>There and back again: setting a field, and leaving it out.</summary>
    private static IEnumerable<(string Before, string After)> Both((string Sentence, string Before, string After, string Field) entry) =>
        [(ManifestText.Valid, ManifestText.With(entry.Before, entry.After)), (ManifestText.With(entry.Before, entry.After), ManifestText.Valid)];

    private static ContinualRun Read(string line, string instead) => Read(ManifestText.With(line, instead));

    private static ContinualRun Read(string manifest) =>
        System.Text.Json.JsonSerializer.Deserialize(RunJson.Of(manifest).ToJsonString(), Cpt.Runs.RunsJson.Default.RunObject)!.ToRun();
}
