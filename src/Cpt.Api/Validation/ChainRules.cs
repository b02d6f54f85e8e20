using System.Globalization;

namespace Cpt.Api.Validation;

/// <summary>Rules of the chain as a whole.</summary>
internal static class ChainRules
{
    /// <summary>Kubernetes' limit for the names of Jobs whose pods carry them as a label.</summary>
    private const int LongestJobName = 63;

    /// <summary><c>-</c>, <c>-a</c> and five digits for the attempt.</summary>
    private const int JobNameExtras = 8;

    public static IEnumerable<FieldError> NamesAreUnique(ContinualRun run) =>
        Repeated(run.Spec.Stages.Select(stage => stage.Name), "spec.stages")
            .Concat(Repeated((run.Spec.Evaluation?.Benchmarks ?? []).Select(benchmark => benchmark.Name), "spec.evaluation.benchmarks"));

    public static IEnumerable<FieldError> JobNamesFit(ContinualRun run) =>
        run.Spec.Stages
            .Select((stage, index) => (Stage: stage, Index: index, Length: run.Metadata.Name.Length + stage.Name.Length))
            .Where(entry => entry.Length + JobNameExtras > LongestJobName)
            .Select(entry => new FieldError(
                StageRules.Path(entry.Index, "name"),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"\"{entry.Stage.Name}\" is too long beside the run's name: together they have {entry.Length} characters, and at most {LongestJobName - JobNameExtras} fit the Job's name <run>-<stage>-a<N>")));

    public static IEnumerable<FieldError> BackoffGrows(ContinualRun run)
    {
        if (run.Spec.Retry?.Backoff is { InitialSeconds: { } initial, MaxSeconds: { } maximum } && initial > maximum)
        {
            yield return new FieldError(
                "spec.retry.backoff.initialSeconds",
                string.Create(CultureInfo.InvariantCulture, $"{initial} is more than maxSeconds ({maximum}); the first wait is the shortest"));
        }
    }

    private static IEnumerable<FieldError> Repeated(IEnumerable<string> names, string path)
    {
        var first = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (index, name) in names.Index())
        {
            if (!first.TryAdd(name, index))
            {
                yield return new FieldError(
                    string.Create(CultureInfo.InvariantCulture, $"{path}[{index}].name"),
                    string.Create(CultureInfo.InvariantCulture, $"\"{name}\" is the name of entry {first[name]} already; names must be unique"));
            }
        }
    }
}
