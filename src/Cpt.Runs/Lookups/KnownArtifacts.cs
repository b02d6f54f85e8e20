using Cpt.Planning;

namespace Cpt.Runs;

/// <summary>What was found in storage for one run, and how long it may be believed.</summary>
public sealed class KnownArtifacts
{
    private Artifacts _lasting = Artifacts.Empty;

    /// <summary>For the next decision.</summary>
    public Artifacts Current { get; private set; } = Artifacts.Empty;

    public void Add(Need need, Lookup lookup)
    {
        Current = Current.With(need, lookup);
        if (StorageLookups.IsLasting(need, lookup))
        {
            _lasting = _lasting.With(need, lookup);
        }
    }

    /// <summary>Forgets what a running stage may have changed meanwhile: steps, evaluations, and all that was absent.</summary>
    public void Refresh() => Current = _lasting;

    /// <summary>Forgets everything: a person has mended something, or the run is another one now.</summary>
    public void Clear() => Current = _lasting = Artifacts.Empty;
}
