using System.Collections.Concurrent;
using Cpt.Api;
using Cpt.Runs;

namespace Cpt.Operator.Studies;

/// <summary>What was made of each study's spec: it is the same until the spec changes, and some hundred runs are worth keeping. Nothing here is needed.</summary>
internal sealed class StudyMemories
{
    private readonly ConcurrentDictionary<string, Expansion> _known = new(StringComparer.Ordinal);

    public bool Knows(StudyObject study) => _known.ContainsKey(study.Metadata.Uid!);

    /// <summary>The runs that a study means, and what is wrong with it.</summary>
    public (IReadOnlyList<StudyRun> Runs, IReadOnlyList<FieldError> Errors) Of(ContinualStudy study)
    {
        if (_known.TryGetValue(study.Metadata.Uid!, out var known) && known.Generation == study.Metadata.Generation)
        {
            return (known.Runs, known.Errors);
        }

        var runs = StudyValidator.Expand(study, out var errors);
        _known[study.Metadata.Uid!] = new Expansion(study.Metadata.Generation, runs, errors);
        return (runs, errors);
    }

    public void Forget(StudyObject study) => _known.TryRemove(study.Metadata.Uid!, out _);

    private sealed record Expansion(long? Generation, IReadOnlyList<StudyRun> Runs, IReadOnlyList<FieldError> Errors);
}
