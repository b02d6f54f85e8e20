using System.Globalization;
using Cpt.Api.Studies;

namespace Cpt.Api;

/// <summary>Whether a study can be carried out: its own fields, every run that it means, and whether those can be compared.</summary>
public static class StudyValidator
{
    /// <summary>More would be more than anybody waits for, and more than one status can list.</summary>
    private const int MaximumRuns = 256;

    /// <summary>The runs of a study that can be carried out, seed by seed.</summary>
    /// <param name="study">With or without defaults.</param>
    /// <param name="errors">Everything that is wrong; empty where it can be carried out.</param>
    public static IReadOnlyList<StudyRun> Expand(ContinualStudy study, out IReadOnlyList<FieldError> errors)
    {
        var own = Own(study).ToList();
        if (own.Count > 0)
        {
            errors = own;
            return [];
        }

        var (runs, wrong) = StudyExpansion.Of(study);
        errors = wrong.Count > 0 ? wrong : [.. StudyRules.Comparable(study, runs)];
        return errors.Count == 0 ? runs : [];
    }

    /// <summary>Rules between the study's own fields.</summary>
    internal static IEnumerable<FieldError> Own(ContinualStudy study)
    {
        var spec = study.Spec;
        var names = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, variant) in spec.Variants.Index())
        {
            if (!names.TryAdd(variant.Name, index))
            {
                yield return new FieldError(Path("variants", index) + ".name", string.Create(CultureInfo.InvariantCulture, $"\"{variant.Name}\" is the name of entry {names[variant.Name]} already; names must be unique"));
            }
        }

        foreach (var (index, seed) in spec.Seeds.Index())
        {
            if (seed < 0)
            {
                yield return new FieldError(Path("seeds", index), string.Create(CultureInfo.InvariantCulture, $"{seed} is negative; a seed is part of its runs' names: use 0 or more"));
            }
            else if (spec.Seeds.Take(index).Contains(seed))
            {
                yield return new FieldError(Path("seeds", index), string.Create(CultureInfo.InvariantCulture, $"{seed} is there already; the same seed would give the same runs again"));
            }
        }

        if (spec.Baseline is { } baseline && !names.ContainsKey(baseline))
        {
            yield return new FieldError("spec.baseline", $"\"{baseline}\" is not the name of a variant; use one of {string.Join(", ", names.Keys)}");
        }

        if (spec.Variants.Count * spec.Seeds.Count > MaximumRuns)
        {
            yield return new FieldError("spec.seeds", string.Create(
                CultureInfo.InvariantCulture, $"{spec.Variants.Count} variants with {spec.Seeds.Count} seeds are {spec.Variants.Count * spec.Seeds.Count} runs; at most {MaximumRuns} are possible in one study"));
        }
    }

    private static string Path(string list, int index) => string.Create(CultureInfo.InvariantCulture, $"spec.{list}[{index}]");
}
