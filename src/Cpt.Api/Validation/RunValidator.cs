using System.Collections;
using System.Globalization;
using Cpt.Api.Reading;
using Cpt.Api.Validation;

namespace Cpt.Api;

/// <summary>
/// Whether a run can be carried out. Rules on single fields stand on the types; those between fields are the small rules in this folder.
/// A cluster without CEL relies on this alone, so the operator asks it for every run.
/// </summary>
public static class RunValidator
{
    /// <summary>Every rule between fields, in reading order.</summary>
    private static readonly Func<ContinualRun, IEnumerable<FieldError>>[] s_rules =
    [
        ChainRules.NamesAreUnique,
        TaskRules.OneOrSeveral,
        TaskRules.ColumnsAreUnique,
        ChainRules.JobNamesFit,
        ChainRules.BackoffGrows,
        StageRules.BlocksFitTheMethod,
        StageRules.LoraFreezesAll,
        StageRules.ParametersAreKnown,
        StageRules.PackingIsForSft,
        StageRules.StepsOrEpochs,
        StageRules.ReplayLooksBack,
        RegularizationRules.Check,
        RftRules.Check,
        InstanceRules.FiltersCanKeepAndDrop,
        InstanceRules.SelfDistillationIsForSft,
        InstanceRules.SamplesAreChosenOfOneTask,
        InstanceRules.OwnRolloutsFitTheContext,
        GateRules.GatesHaveALimit,
        GateRules.BenchmarkGatesHaveBenchmarks,
        GateRules.ForwardTransferNeedsAllTasks,
        GateRules.DriftIsMeasuredAndHasNoInterval,
    ];

    /// <summary>Everything that is wrong with the run; empty = it can be carried out.</summary>
    public static IReadOnlyList<FieldError> Validate(ContinualRun run)
    {
        var errors = new List<FieldError>();
        if (run.ApiVersion != ContinualRun.GroupVersion)
        {
            errors.Add(new FieldError("apiVersion", $"\"{run.ApiVersion}\" is not known here; it must be {ContinualRun.GroupVersion}"));
        }

        if (run.Kind != ContinualRun.KindName)
        {
            errors.Add(new FieldError("kind", $"\"{run.Kind}\" is not known here; it must be {ContinualRun.KindName}"));
        }

        OnFields(run.Metadata, "metadata", errors);
        OnFields(run.Spec, "spec", errors);
        errors.AddRange(BetweenFields(run));
        return errors;
    }

    /// <summary>What may not change from one version of a run to the next.</summary>
    public static IReadOnlyList<FieldError> ValidateUpdate(ContinualRun before, ContinualRun after) =>
        ImmutableFields.Changed(ImmutableFields.Of(before), after);

    internal static IEnumerable<FieldError> BetweenFields(ContinualRun run) => s_rules.SelectMany(rule => rule(run));

    private static void OnFields(object owner, string path, List<FieldError> errors)
    {
        foreach (var field in Field.Of(owner.GetType()))
        {
            if (field.Get(owner) is not { } value)
            {
                continue;
            }

            var place = $"{path}.{field.Name}";
            if (field.Rules.Select(rule => rule.Check(value)).FirstOrDefault(problem => problem is not null) is { } problem)
            {
                errors.Add(new FieldError(place, problem));
            }

            if (field.FreeForm)
            {
                continue;
            }

            if (Field.IsObject(field.Type))
            {
                OnFields(value, place, errors);
            }
            else if (Field.ItemType(field.Type) is { } item && Field.IsObject(item))
            {
                var index = 0;
                foreach (var entry in (IEnumerable)value)
                {
                    OnFields(entry, string.Create(CultureInfo.InvariantCulture, $"{place}[{index++}]"), errors);
                }
            }
        }
    }
}
