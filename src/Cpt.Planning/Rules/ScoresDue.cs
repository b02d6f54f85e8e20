using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Rules;

/// <summary>A score that must stand in a row of the matrix.</summary>
/// <param name="Name">Its column.</param>
/// <param name="Kind">Task of the chain or benchmark.</param>
/// <param name="Digest">Of the data as it is now: a score on other data is stale.</param>
internal sealed record DueScore(string Name, ScoreKind Kind, string Digest)
{
    public bool IsIn(EvaluationDocument? evaluation, string modelDigest) =>
        evaluation is not null && evaluation.ModelDigest == modelDigest
        && evaluation.Scores.Any(score => score.Kind == Kind && score.Task == Name && (score.TaskDigest is null || score.TaskDigest == Digest));

    public bool HasDriftIn(EvaluationDocument? evaluation) => evaluation?.Drift?.Any(score => score.Task == Name && score.TaskDigest == Digest) == true;
}

/// <summary>The scores that a stage owes: its own row, and row 0.</summary>
internal sealed record ScoresDue(IReadOnlyList<DueScore> Row, IReadOnlyList<DueScore> Baseline, IReadOnlyDictionary<string, string> Digests)
{
    /// <returns>Null while some task's digest is not known.</returns>
    public static ScoresDue? After(Draft draft, StageDraft stage)
    {
        var digests = new Dictionary<string, string>(StringComparer.Ordinal);
        var benchmarks = draft.Run.Spec.Evaluation!.Benchmarks!;
        var uris = TaskColumns.Of(draft.Run.Spec.Stages).Select(known => known.Uri).Concat(benchmarks.Select(benchmark => benchmark.Uri)).Distinct(StringComparer.Ordinal).ToList();
        foreach (var uri in uris)
        {
            if (Identity.TaskDigest(draft, stage, uri) is { } digest)
            {
                digests[uri] = digest;
            }
        }

        if (digests.Count < uris.Count)
        {
            return null;
        }

        DueScore[] general = [.. benchmarks.Select(benchmark => new DueScore(benchmark.Name, ScoreKind.Benchmark, digests[benchmark.Uri]))];
        return new ScoresDue([.. StageSpecs.TasksDue(draft.Run, stage.Index).Select(Task), .. general], [.. TaskColumns.Of(draft.Run.Spec.Stages).Select(Task), .. general], digests);

        DueScore Task(TaskColumn known) => new(known.Name, ScoreKind.Task, digests[known.Uri]);
    }
}
