using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.Api.Schema;

/// <summary>
/// The rules between fields of <c>Validation/</c> once more, for servers with CEL: they refuse at once what the operator could only mark as <c>Accepted=False</c>. A
/// test holds both to the same table of runs.
/// </summary>
/// <remarks>
/// <para>Cost. A server estimates each rule at its worst, from the bounds in the schema, and refuses the whole definition where one rule may cost more than 10,000,000 or
/// all together more than 100,000,000; what stands below a list counts as often as the list has entries. Reading or comparing a field costs about 1, comparing
/// texts a tenth of their length, a number read from text 1. The rule on names walks 64 stages for some 15 each: 1,000. Rules on a stage or below cost at
/// most 40 each, 64 times: 2,600. <c>self == oldSelf</c> on a URI of 1,024 characters: 100. All of it together stays below 200,000.</para>
/// <para>Not here: that parameters are known (an object with <c>x-kubernetes-preserve-unknown-fields</c> shows CEL only the fields it knows), that replay looks back (64 stages
/// naming 64 stages each among 64 is 262,144 comparisons), and what this version does not carry out yet, which is no matter of the API. The operator alone says those.</para>
/// </remarks>
internal sealed class CelRules(SchemaDefaults defaults)
{
    /// <summary>Adds what is due at this place of the schema; lists are written <c>[]</c>, and the object itself is "".</summary>
    public void AddTo(JsonObject schema, string path)
    {
        foreach (var (rule, message) in At(path))
        {
            schema.AddRule(rule, message);
        }
    }

    private IEnumerable<(string Rule, string Message)> At(string path) => path switch
    {
        "" =>
        [
            (
                "self.spec.stages.all(stage, size(self.metadata.name) + size(stage.name) <= 55)",
                "spec.stages: a stage's name and the run's name together may have at most 55 characters, to fit the Job's name <run>-<stage>-a<N>"),
        ],
        "spec.retry.backoff" =>
        [
            ("!has(self.initialSeconds) || !has(self.maxSeconds) || self.initialSeconds <= self.maxSeconds", "initialSeconds may not be more than maxSeconds; the first wait is the shortest"),
        ],
        "spec.evaluation" =>
        [
            (
                "!has(self.gates) || (has(self.benchmarks) && size(self.benchmarks) > 0) || self.gates.all(gate, gate.metric != 'benchmarkDrop')",
                "gates: the metric benchmarkDrop needs benchmarks, and there are none"),
            (
                "!has(self.gates) || (has(self.scope) && self.scope == 'AllTasks') || self.gates.all(gate, gate.metric != 'forwardTransfer')",
                "gates: the metric forwardTransfer needs scope AllTasks: with SeenTasks no task is scored before it is learned"),
            ("!has(self.gates) || has(self.drift) || self.gates.all(gate, gate.metric != 'drift')", "gates: the metric drift needs drift, and it is not set"),
        ],
        "spec.evaluation.gates[]" =>
        [
            ("self.metric != 'drift' || !has(self.confidence)", "drift has no interval over evaluation samples; leave confidence out"),
            ("has(self.maximum) || has(self.minimum)", "has no limit; write maximum or minimum, for example \"5\" for five points"),
            ("!has(self.maximum) || !has(self.minimum) || double(self.minimum) <= double(self.maximum)", "minimum may not be more than maximum; no value would pass"),
        ],
        "spec.stages[]" =>
        [
            ("self.method == 'RFT' || !has(self.rft)", "rft is only for method RFT"),
            ("self.method == 'SFT' || !has(self.selfDistillation)", "selfDistillation is only for method SFT; RFT learns from its own rollouts anyway"),
            (
                $"self.method != 'SFT' || !has(self.selfDistillation) || {OwnResponse} < {Parameter(StageParameters.MaxSequenceTokens)}",
                "selfDistillation.maxResponseTokens must be less than parameters.maxSequenceTokens, to leave room for a prompt; lower the one or raise the other"),
            ("!has(self.tasks) || !(has(self.selfDistillation) || (has(self.rft) && has(self.rft.instanceFilter)))", "rft.instanceFilter and selfDistillation are only for a stage with one task"),
            ("has(self.task) != has(self.tasks)", "task or tasks: one of them; task for one, tasks for several that are learned together"),
            ("!has(self.lora) || !has(self.freeze) || size(self.freeze) == 0", "freeze stands beside lora, which freezes every weight of the model; choose what is adapted by lora.targets and lora.visionTower"),
            ("self.method == 'SFT' || !has(self.regularization) || !has(self.regularization.lwf)", "regularization.lwf is only for method SFT; RFT has rft.klCoefficient with rft.kl.reference PreviousStage"),
            ("!has(self.lora) || !has(self.regularization) || !has(self.regularization.ewc)", "regularization.ewc stands beside lora, which freezes every weight that ewc would hold; leave one of them out"),
            (
                "!has(self.regularization) || !has(self.regularization.ewc) || !has(self.parameters) || !has(self.parameters.precision) || self.parameters.precision in ['float32', 'bfloat16']",
                "regularization.ewc measures how far each weight moved; parameters.precision must be float32 or bfloat16"),
            ("self.method == 'SFT' || !has(self.parameters) || !has(self.parameters.packSequences) || self.parameters.packSequences != 'true'", "parameters.packSequences is only for method SFT"),
            (
                $"self.method != 'RFT' || {Of("miniBatches", "1")} <= {Parameter(StageParameters.BatchSize)}",
                "rft.miniBatches may not be more than the prompts of a rollout batch (parameters.batchSize)"),
            (
                $"self.method != 'RFT' || {Of("maxResponseTokens", RunDefaults.MaximumResponseTokens.ToString(CultureInfo.InvariantCulture))} < {Parameter(StageParameters.MaxSequenceTokens)}",
                "rft.maxResponseTokens must be less than parameters.maxSequenceTokens, to leave room for a prompt; lower the one or raise the other"),
        ],
        "spec.stages[].regularization" =>
        [
            ("has(self.ewc) || has(self.lwf)", "names no term; give ewc or lwf, or leave it out"),
        ],
        "spec.stages[].parameters" =>
        [
            ("!has(self.steps) || !has(self.epochs)", "epochs stands beside steps, which says the same in another unit; keep one of them"),
        ],
        "spec.stages[].rft" =>
        [
            (
                "!has(self.lossAggregation) || !has(self.algorithm) || !(self.algorithm in ['DrGRPO', 'GSPO'])",
                "lossAggregation stands beside algorithm DrGRPO or GSPO, which says itself how token losses become one number; leave it out"),
            (
                "!has(self.dynamicSampling) || self.dynamicSampling == 0 || !has(self.algorithm) || self.algorithm != 'REINFORCEPlusPlus'",
                "dynamicSampling would drop groups of equal rewards, which teach under algorithm REINFORCEPlusPlus: its baseline is the batch's; leave it out"),
            (
                "!has(self.klCoefficient) || !has(self.kl) || !has(self.kl.reference) || self.kl.reference != 'None' || double(self.klCoefficient) == 0.0",
                "klCoefficient weighs a distance to kl.reference None; name Base or PreviousStage, or set klCoefficient to \"0\""),
            (
                $"!has(self.reward) || !has(self.reward.formatWeight) || double(self.reward.formatWeight) == 0.0 || {Thinks}",
                "reward.formatWeight rewards a form that prompt Direct never asks for; use prompt ChainOfThought or formatWeight \"0\""),
            (
                "!has(self.reward) || (has(self.reward.accuracyWeight) ? double(self.reward.accuracyWeight) > 0.0 : !has(self.reward.components))"
                + $" || (has(self.reward.formatWeight) ? double(self.reward.formatWeight) > 0.0 : {Thinks})"
                + " || (has(self.reward.components) && self.reward.components.exists(component, double(component.weight) > 0.0))"
                + " || (has(self.reward.service) && (!has(self.reward.service.weight) || double(self.reward.service.weight) > 0.0))",
                "reward gives nothing for anything; accuracyWeight, formatWeight or the weight of a component or the service must be above 0"),
        ],
        "spec.stages[].rft.instanceFilter" =>
        [
            ($"!has(self.maximumSolved) || self.maximumSolved <= {Tries}", "maximumSolved may not be more than rollouts; a sample cannot be solved more often than it is tried"),
            ($"{LeastSolved} <= {MostSolved}", "minimumSolved may not be more than maximumSolved (or rollouts); no sample would be kept"),
            ($"{LeastSolved} > 0 || {MostSolved} < {Tries}", "keeps every sample: raise minimumSolved, lower maximumSolved, or leave instanceFilter out"),
        ],
        "spec.stages[].rft.dualClip" =>
        [
            ("double(self) == 0.0 || double(self) > 1.0", "would cap every loss; use \"0\" (off) or a value above 1, such as \"3\""),
        ],
        _ => [],
    };

    /// <summary>The form is asked for; Direct is the default.</summary>
    private const string Thinks = "(has(self.prompt) && self.prompt == 'ChainOfThought')";

    private static readonly string OwnResponse =
        $"(has(self.selfDistillation.maxResponseTokens) ? self.selfDistillation.maxResponseTokens : {RunDefaults.MaximumResponseTokens.ToString(CultureInfo.InvariantCulture)})";
    private const string Tries = "(has(self.rollouts) ? self.rollouts : 8)";
    private const string LeastSolved = "(has(self.minimumSolved) ? self.minimumSolved : 1)";
    private const string MostSolved = $"(has(self.maximumSolved) ? self.maximumSolved : {Tries})";

    private static string Of(string field, string otherwise) => $"(has(self.rft) && has(self.rft.{field}) ? self.rft.{field} : {otherwise})";

    private string Parameter(string key) => $"(has(self.parameters) && has(self.parameters.{key}) ? int(self.parameters.{key}) : {defaults.Parameter(Method.RFT, key)})";
}
