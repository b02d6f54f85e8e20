using Cpt.Planning;

namespace Cpt.Operator.Lookups;

/// <summary>Questions that one run waits for.</summary>
/// <param name="Answers">Never fails; cancelled when the process stops.</param>
/// <param name="Began">Timestamp.</param>
internal sealed record LookupRound(Task<IReadOnlyList<(Need Need, Lookup Lookup)>> Answers, long Began)
{
    /// <summary>A Job of the run has changed since: what is answered now may be of before.</summary>
    public bool Stale { get; set; }
}
