using System.Globalization;
using Cpt.Api.Rules;

namespace Cpt.Api.Validation;

/// <summary>Rules between the fields of a stage's <c>rft</c> block, judged with defaults applied.</summary>
internal static class RftRules
{
    public static IEnumerable<FieldError> KlHasAReference(ContinualRun run) => Each(run, static (rft, _) =>
        Number(rft.KlCoefficient) > 0 && rft.Kl!.Reference == ReferenceModel.None
            ? ("klCoefficient", $"{rft.KlCoefficient} weighs a distance to kl.reference None; name Base or PreviousStage, or set klCoefficient to \"0\"")
            : null);

    public static IEnumerable<FieldError> DualClipIsOffOrAboveOne(ContinualRun run) => Each(run, static (rft, _) =>
        Number(rft.DualClip) is > 0 and <= 1
            ? ("dualClip", $"{rft.DualClip} would cap every loss; use \"0\" (off) or a value above 1, such as \"3\"")
            : null);

    public static IEnumerable<FieldError> RewardsCanBeEarned(ContinualRun run) => Each(run, static (rft, _) =>
    {
        var format = Number(rft.Reward!.FormatWeight);
        if (format > 0 && rft.Prompt == PromptMode.Direct)
        {
            return ("reward.formatWeight", $"{rft.Reward.FormatWeight} rewards a form that prompt Direct never asks for; use prompt ChainOfThought or formatWeight \"0\"");
        }

        return Number(rft.Reward.AccuracyWeight) + format == 0 ? ("reward", "gives nothing for anything; accuracyWeight or formatWeight must be above 0") : null;
    });

    public static IEnumerable<FieldError> BatchesCanBeSplit(ContinualRun run) => Each(run, static (rft, stage) =>
        Whole(stage, StageParameters.BatchSize) is { } batch && rft.MiniBatches > batch
            ? ("miniBatches", string.Create(CultureInfo.InvariantCulture, $"{rft.MiniBatches} is more than the {batch} prompts of a rollout batch (parameters.batchSize)"))
            : null);

    public static IEnumerable<FieldError> PromptsFitBesideResponses(ContinualRun run) => Each(run, static (rft, stage) =>
        Whole(stage, StageParameters.MaxSequenceTokens) is { } sequence && rft.MaxResponseTokens >= sequence
            ? ("maxResponseTokens", string.Create(
                CultureInfo.InvariantCulture,
                $"{rft.MaxResponseTokens} leaves no room for a prompt in parameters.maxSequenceTokens ({sequence}); lower the one or raise the other"))
            : null);

    private static IEnumerable<FieldError> Each(ContinualRun run, Func<RftSettings, RunStage, (string Field, string Message)?> rule)
    {
        foreach (var (index, stage) in RunDefaults.Apply(run).Spec.Stages.Index())
        {
            if (stage is { Method: Method.RFT, Rft: { } rft } && rule(rft, stage) is var (field, message))
            {
                yield return new FieldError(StageRules.Path(index, $"rft.{field}"), message);
            }
        }
    }

    /// <summary>NaN for what is no number: that has been said already, and compares as nothing.</summary>
    private static double Number(string? text) => text is not null && DecimalAttribute.TryParse(text, out var number) ? number : double.NaN;

    private static int? Whole(RunStage stage, string parameter) =>
        int.TryParse(stage.Parameters?.GetValueOrDefault(parameter), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
