using Cpt.Planning;

namespace Cpt.Runs;

/// <summary>What was found in storage for one run, and how long it may be believed.</summary>
public sealed class KnownArtifacts
{
    private Artifacts _lasting = Artifacts.Empty;
    private Artifacts _digests = Artifacts.Empty;

    /// <summary>For the next decision.</summary>
    public Artifacts Current { get; private set; } = Artifacts.Empty;

    /// <summary>Something could not be had for the moment: the next decision must ask again.</summary>
    public bool IsFailing { get; private set; }

    public void Add(Need need, Lookup lookup)
    {
        Current = Current.With(need, lookup);
        IsFailing |= lookup.Failure is { Permanent: false };
        if (StorageLookups.IsLasting(need, lookup))
        {
            _lasting = _lasting.With(need, lookup);
            _digests = need is Need.FinalManifest ? _digests : _digests.With(need, lookup);
        }
    }

    /// <summary>Forgets what a running stage may have changed meanwhile: steps, evaluations, and all that was absent.</summary>
    public void Refresh()
    {
        Current = _lasting;
        IsFailing = false;
    }

    /// <summary>Forgets all but digests: what a decision took from a manifest stands in the status now, and a process that looks after thousands of runs cannot keep it twice.</summary>
    public void ForgetDocuments()
    {
        _lasting = _digests;
        Refresh();
    }

    /// <summary>Forgets everything: a person has mended something, or the run is another one now.</summary>
    public void Clear()
    {
        _digests = Artifacts.Empty;
        ForgetDocuments();
    }
}
