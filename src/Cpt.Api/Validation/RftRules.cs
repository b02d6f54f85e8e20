using System.Globalization;
using Cpt.Api.Rules;

namespace Cpt.Api.Validation;

/// <summary>Rules between the fields of a stage's <c>rft</c> block, judged with defaults applied.</summary>
internal static class RftRules
{
    private static readonly Func<RftSettings, RunStage, (string Field, string Message)?>[] s_rules =
        [AggregationIsAChoice, DynamicSamplingDropsWhatTeachesNothing, KlHasAReference, DualClipIsOffOrAboveOne, RewardsCanBeEarned, RewardServiceHasAnAddress, BatchesCanBeSplit, PromptsFitBesideResponses];

    public static IEnumerable<FieldError> Check(ContinualRun run)
    {
        if (!run.Spec.Stages.Any(stage => stage.Method == Method.RFT))
        {
            yield break;
        }

        foreach (var (index, stage) in RunDefaults.Apply(run).Spec.Stages.Index())
        {
            foreach (var rule in stage is { Method: Method.RFT, Rft: not null } ? s_rules : [])
            {
                if (rule(stage.Rft!, stage) is var (field, message))
                {
                    yield return new FieldError(StageRules.Path(index, $"rft.{field}"), message);
                }
            }
        }
    }

    private static (string Field, string Message)? AggregationIsAChoice(RftSettings rft, RunStage stage) => (rft.Algorithm, rft.LossAggregation) switch
    {
        (Algorithm.DrGRPO, { } given) => ("lossAggregation", $"{given} stands beside algorithm DrGRPO, which sums over tokens and divides by rollouts × maxResponseTokens; leave it out"),
        (Algorithm.GSPO, { } given) => ("lossAggregation", $"{given} stands beside algorithm GSPO, whose ratio and loss are of whole rollouts; leave it out"),
        _ => null,
    };

    private static (string Field, string Message)? DynamicSamplingDropsWhatTeachesNothing(RftSettings rft, RunStage stage) =>
        rft is { Algorithm: Algorithm.REINFORCEPlusPlus, DynamicSampling: > 0 }
            ? ("dynamicSampling", string.Create(
                CultureInfo.InvariantCulture,
                $"{rft.DynamicSampling} would drop groups of equal rewards, which teach under algorithm REINFORCEPlusPlus: its baseline is the batch's; leave it out"))
            : null;

    private static (string Field, string Message)? KlHasAReference(RftSettings rft, RunStage stage) =>
        Number(rft.KlCoefficient) > 0 && rft.Kl!.Reference == ReferenceModel.None
            ? ("klCoefficient", $"{rft.KlCoefficient} weighs a distance to kl.reference None; name Base or PreviousStage, or set klCoefficient to \"0\"")
            : null;

    private static (string Field, string Message)? DualClipIsOffOrAboveOne(RftSettings rft, RunStage stage) =>
        Number(rft.DualClip) is > 0 and <= 1
            ? ("dualClip", $"{rft.DualClip} would cap every loss; use \"0\" (off) or a value above 1, such as \"3\"")
            : null;

    private static (string Field, string Message)? RewardsCanBeEarned(RftSettings rft, RunStage stage)
    {
        var format = Number(rft.Reward!.FormatWeight);
        if (format > 0 && rft.Prompt == PromptMode.Direct)
        {
            return ("reward.formatWeight", $"{rft.Reward.FormatWeight} rewards a form that prompt Direct never asks for; use prompt ChainOfThought or formatWeight \"0\"");
        }

        var further = (rft.Reward.Components ?? []).Sum(component => Number(component.Weight)) + (rft.Reward.Service is { } service ? Number(service.Weight) : 0);
        return Number(rft.Reward.AccuracyWeight) + format + further == 0 ? ("reward", "gives nothing for anything; accuracyWeight, formatWeight or the weight of a component or the service must be above 0") : null;
    }

    private static (string Field, string Message)? RewardServiceHasAnAddress(RftSettings rft, RunStage stage)
    {
        // What has no scheme, or nothing else, is said by the field's own rule.
        if (rft.Reward!.Service is not { Url: var url } || url.EndsWith("://", StringComparison.Ordinal) || !url.Contains("://", StringComparison.Ordinal))
        {
            return null;
        }

        return !Uri.TryCreate(url, UriKind.Absolute, out var address) ? ("reward.service.url", $"\"{url}\" is no address; write for example http://rewards.ml.svc:8080/judge")
            : address.UserInfo.Length > 0 ? ("reward.service.url", "holds credentials, which everybody who sees the run would see; put them as CPT_REWARD_SERVICE_TOKEN into the Secret of storage.secretRef")
            : null;
    }

    private static (string Field, string Message)? BatchesCanBeSplit(RftSettings rft, RunStage stage) =>
        Whole(stage, StageParameters.BatchSize) is { } batch && rft.MiniBatches > batch
            ? ("miniBatches", string.Create(CultureInfo.InvariantCulture, $"{rft.MiniBatches} is more than the {batch} prompts of a rollout batch (parameters.batchSize)"))
            : null;

    private static (string Field, string Message)? PromptsFitBesideResponses(RftSettings rft, RunStage stage) =>
        Whole(stage, StageParameters.MaxSequenceTokens) is { } sequence && rft.MaxResponseTokens >= sequence
            ? ("maxResponseTokens", string.Create(
                CultureInfo.InvariantCulture,
                $"{rft.MaxResponseTokens} leaves no room for a prompt in parameters.maxSequenceTokens ({sequence}); lower the one or raise the other"))
            : null;

    /// <summary>NaN for what is no number: that has been said already, and compares as nothing.</summary>
    private static double Number(string? text) => text is not null && DecimalAttribute.TryParse(text, out var number) ? number : double.NaN;

    private static int? Whole(RunStage stage, string parameter) =>
        int.TryParse(stage.Parameters?.GetValueOrDefault(parameter), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
