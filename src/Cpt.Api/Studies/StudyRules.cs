using System.Globalization;

namespace Cpt.Api.Studies;

/// <summary>
/// Whether the runs of a study can be compared. Runs that share a storage share the base model's row of scores, and the rows of equal stages: they must ask the same questions in the
/// same way under the same name.
/// </summary>
internal static class StudyRules
{
    public static IEnumerable<FieldError> Comparable(ContinualStudy study, IReadOnlyList<StudyRun> runs)
    {
        var variants = study.Spec.Variants.Select(variant => variant.Name).ToList();
        var first = new Dictionary<string, StudyRun>(StringComparer.Ordinal);
        var told = new HashSet<string>(StringComparer.Ordinal);
        foreach (var run in runs)
        {
            var storage = run.Run.Spec.Storage.Uri;
            if (first.TryAdd(storage, run) || Difference(first[storage], run) is not { } message || !told.Add(run.Variant))
            {
                continue;
            }

            yield return new FieldError(string.Create(CultureInfo.InvariantCulture, $"spec.variants[{variants.IndexOf(run.Variant)}]"), $"in variant {run.Variant}, {message}");
        }
    }

    private static string? Difference(StudyRun one, StudyRun other)
    {
        var (first, second) = (RunDefaults.Apply(one.Run).Spec.Evaluation!, RunDefaults.Apply(other.Run).Spec.Evaluation!);
        (string Field, string? First, string? Second)[] ways =
        [
            ("prompt", first.Prompt.ToString(), second.Prompt.ToString()),
            ("temperature", first.Temperature, second.Temperature),
            ("maxResponseTokens", first.MaxResponseTokens?.ToString(CultureInfo.InvariantCulture), second.MaxResponseTokens?.ToString(CultureInfo.InvariantCulture)),
            ("maxSamples", first.MaxSamples?.ToString(CultureInfo.InvariantCulture), second.MaxSamples?.ToString(CultureInfo.InvariantCulture)),
        ];
        if (ways.FirstOrDefault(way => way.First != way.Second) is { Field: { } field } way)
        {
            return $"spec.evaluation.{field}: is {way.Second}, but {way.First} in variant {one.Variant}, with which it shares the storage and so the base model's scores; write one value into spec.base.evaluation, or give this variant another storage.uri";
        }

        var columns = Columns(one.Run).ToDictionary(column => column.Name, StringComparer.Ordinal);
        foreach (var (name, uri, scorer, place) in Columns(other.Run))
        {
            if (columns.TryGetValue(name, out var same) && (same.Uri, same.Scorer) != (uri, scorer))
            {
                return $"{place}: \"{name}\" is scored on {uri}{(scorer is null ? "" : $" by {scorer}")}, but in variant {one.Variant} on {same.Uri}{(same.Scorer is null ? "" : $" by {same.Scorer}")}: one column of scores cannot hold both; use another name, or another storage.uri";
            }
        }

        return null;
    }

    /// <summary>What the columns of the matrix are scored on. A stage and a benchmark may have one name: they are told apart.</summary>
    private static IEnumerable<(string Name, string Uri, Scorer? Scorer, string Place)> Columns(ContinualRun run) =>
    [
        .. run.Spec.Stages.SelectMany((stage, index) =>
            TaskColumns.Of(stage).Select(column => (column.Name, column.Uri, column.Scorer, string.Create(CultureInfo.InvariantCulture, $"spec.stages[{index}].{(stage.Tasks is null ? "task" : "tasks")}")))),
        .. (run.Spec.Evaluation?.Benchmarks ?? []).Select((benchmark, index) =>
            ("benchmark " + benchmark.Name, benchmark.Uri, benchmark.Scorer, string.Create(CultureInfo.InvariantCulture, $"spec.evaluation.benchmarks[{index}]"))),
    ];
}
