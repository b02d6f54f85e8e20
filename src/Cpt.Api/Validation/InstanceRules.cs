using System.Globalization;
using Cpt.Api.Rules;

namespace Cpt.Api.Validation;

/// <summary>Rules of the choice of train samples by rollouts, judged with defaults applied.</summary>
internal static class InstanceRules
{
    public static IEnumerable<FieldError> FiltersCanKeepAndDrop(ContinualRun run)
    {
        foreach (var (index, given) in run.Spec.Stages.Index())
        {
            if (given is not { Method: Method.RFT, Rft.InstanceFilter: not null })
            {
                continue;
            }

            var rft = RunDefaults.Apply(run).Spec.Stages[index].Rft!;
            if (Problem(rft.InstanceFilter!, rft) is var (field, message))
            {
                yield return new FieldError(StageRules.Path(index, $"rft.instanceFilter{field}"), message);
            }
        }
    }

    /// <summary>Which samples of several tasks are kept, and in which proportion they are mixed then, nobody has thought out.</summary>
    public static IEnumerable<FieldError> SamplesAreChosenOfOneTask(ContinualRun run)
    {
        foreach (var (index, stage) in run.Spec.Stages.Index().Where(entry => entry.Item.Tasks is not null))
        {
            foreach (var field in new[] { stage.Rft?.InstanceFilter is null ? null : "rft.instanceFilter", stage.SelfDistillation is null ? null : "selfDistillation" }.OfType<string>())
            {
                yield return new FieldError(StageRules.Path(index, field), "is only for a stage with one task; leave it out, or make a stage of each of the tasks");
            }
        }
    }

    public static IEnumerable<FieldError> SelfDistillationIsForSft(ContinualRun run) =>
        run.Spec.Stages.Index()
            .Where(entry => entry.Item is { Method: not Method.SFT, SelfDistillation: not null })
            .Select(entry => new FieldError(
                StageRules.Path(entry.Index, "selfDistillation"),
                $"is only for method SFT; the method of stage \"{entry.Item.Name}\" is {entry.Item.Method}, which learns from its own rollouts anyway"));

    public static IEnumerable<FieldError> OwnRolloutsFitTheContext(ContinualRun run)
    {
        foreach (var (index, given) in run.Spec.Stages.Index())
        {
            if (given is not { Method: Method.SFT, SelfDistillation: not null })
            {
                continue;
            }

            var stage = RunDefaults.Apply(run).Spec.Stages[index];
            var longest = stage.SelfDistillation!.MaxResponseTokens!.Value;
            if (int.TryParse(stage.Parameters!.GetValueOrDefault(StageParameters.MaxSequenceTokens), NumberStyles.None, CultureInfo.InvariantCulture, out var context) && longest >= context)
            {
                yield return new FieldError(
                    StageRules.Path(index, "selfDistillation.maxResponseTokens"),
                    Text($"{longest} leaves no room for a prompt in parameters.maxSequenceTokens ({context}); lower the one or raise the other"));
            }
        }
    }

    private static (string Field, string Message)? Problem(InstanceFilterSettings filter, RftSettings rft)
    {
        var (rollouts, least, most) = (filter.Rollouts!.Value, filter.MinimumSolved!.Value, filter.MaximumSolved!.Value);
        if (rollouts < 1)
        {
            return null;
        }

        if (most > rollouts)
        {
            return (".maximumSolved", Text($"{most} is more than rollouts ({rollouts}); a sample cannot be solved more often than it is tried"));
        }

        if (least > most)
        {
            return (".minimumSolved", Text($"{least} is more than {(most == rollouts ? "rollouts" : "maximumSolved")} ({most}); no sample would be kept"));
        }

        if (least == 0 && most == rollouts)
        {
            return ("", Text($"keeps every sample: minimumSolved is 0 and maximumSolved is rollouts ({rollouts}); raise the one, lower the other, or leave instanceFilter out"));
        }

        var best = Number(rft.Reward!.AccuracyWeight) + Number(rft.Reward.FormatWeight)
            + (rft.Reward.Components ?? []).Sum(component => Number(component.Weight)) + (rft.Reward.Service is { } service ? Number(service.Weight) : 0);
        return Number(filter.MinimumReward) > best + 1e-9
            ? (".minimumReward", Text($"{filter.MinimumReward} is more than a rollout can earn ({best}: the weights of rft.reward together); no sample would be solved"))
            : null;
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>NaN for what is no number: that has been said already, and compares as nothing.</summary>
    private static double Number(string? text) => text is not null && DecimalAttribute.TryParse(text, out var number) ? number : double.NaN;
}
