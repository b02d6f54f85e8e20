using Cpt.Api;

namespace Cpt.Planning.Studies;

/// <summary>A run that the study means, beside the one that is there.</summary>
internal sealed class StudyMember
{
    private const string SuspendedMark = " suspended";

    private readonly string _digest;

    public StudyMember(StudyRun wanted, ContinualRun? seen, string studyToken)
    {
        (Wanted, Seen) = (wanted, seen);
        _digest = SharedStages.Digest(wanted.Run.Spec);
        var succeeded = seen?.Status?.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Succeeded);
        // A status of an older spec says nothing about this one.
        var current = succeeded is not null && (succeeded.ObservedGeneration is not { } generation || generation == seen!.Metadata.Generation);
        State = seen is null ? StudyRunState.Waiting : !current ? StudyRunState.Active : succeeded!.Status switch
        {
            ConditionStatus.True => StudyRunState.Succeeded,
            ConditionStatus.False => StudyRunState.Failed,
            _ => StudyRunState.Active,
        };
        MayRetry = State == StudyRunState.Failed && studyToken.Length > 0 && (seen!.Spec.RetryToken ?? "") != studyToken;
    }

    public StudyRun Wanted { get; }

    public ContinualRun? Seen { get; }

    public StudyRunState State { get; private set; }

    public string Name => Wanted.Run.Metadata.Name;

    /// <summary>It failed under another <c>spec.retryToken</c> than the study has now.</summary>
    public bool MayRetry { get; private set; }

    /// <summary>Edited since it was given its spec; of a run at work also suspended or resumed.</summary>
    public bool IsOutdated
    {
        get
        {
            if (Seen is null || Seen.Metadata.DeletionTimestamp is not null)
            {
                return false;
            }

            var given = Seen.Metadata.Annotations?.GetValueOrDefault(StudyLabels.SpecDigest) ?? "";
            return State == StudyRunState.Active ? given != Mark : given.Replace(SuspendedMark, "", StringComparison.Ordinal) != _digest;
        }
    }

    private string Mark => Wanted.Run.Spec.Suspend == true ? _digest + SuspendedMark : _digest;

    /// <summary>As it is created.</summary>
    public ContinualRun Created => Wanted.Run with { Metadata = Wanted.Run.Metadata with { Annotations = new Dictionary<string, string>(StringComparer.Ordinal) { [StudyLabels.SpecDigest] = Mark } } };

    /// <summary>As it should be now.</summary>
    /// <param name="retryToken">Another one; null: the one it has.</param>
    public ContinualRun Updated(string? retryToken = null) => Seen! with
    {
        Metadata = Seen.Metadata with { Annotations = new Dictionary<string, string>(Seen.Metadata.Annotations ?? new Dictionary<string, string>(StringComparer.Ordinal), StringComparer.Ordinal) { [StudyLabels.SpecDigest] = Mark } },
        Spec = Wanted.Run.Spec with { RetryToken = retryToken ?? Seen.Spec.RetryToken },
        Status = null,
    };

    /// <summary>From now on it counts as at work.</summary>
    public void Start() => (State, MayRetry) = (StudyRunState.Active, false);
}
