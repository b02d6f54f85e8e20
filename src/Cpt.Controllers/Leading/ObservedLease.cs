using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// What is known of another one's lease, and since when by our own clock. The times written in it are never looked at: whoever wrote them may be minutes off. What counts is
/// that it changed.
/// </summary>
internal sealed class ObservedLease(TimeProvider time, TimeSpan ownDuration)
{
    private LeaseSpec? _spec;
    private long _changedAt;

    /// <summary>Null when the lease was never there.</summary>
    public string? Holder => _spec?.HolderIdentity;

    /// <summary>How long it is still to be respected; zero or less: it may be taken.</summary>
    public TimeSpan Remaining
    {
        get
        {
            if (string.IsNullOrEmpty(_spec?.HolderIdentity))
            {
                return TimeSpan.Zero;
            }

            // A holder with a longer duration than ours counts on it.
            var theirs = TimeSpan.FromSeconds(_spec.LeaseDurationSeconds ?? 0);
            return (theirs > ownDuration ? theirs : ownDuration) - time.GetElapsedTime(_changedAt);
        }
    }

    public void See(Lease lease)
    {
        if (_spec != lease.Spec)
        {
            (_spec, _changedAt) = (lease.Spec, time.GetTimestamp());
        }
    }
}
