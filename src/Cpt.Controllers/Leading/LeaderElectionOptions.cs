namespace Cpt.Controllers;

/// <summary>
/// Of several processes one leads: the holder of a Lease. It must be renewed within <see cref="RenewDeadline"/>, or the holder stops; others take it
/// <see cref="LeaseDuration"/> after they last saw it renewed. The difference is what keeps an old leader's last write apart from a new leader's first one.
/// </summary>
public sealed class LeaderElectionOptions
{
    /// <summary>Null: the operator's name.</summary>
    public string? LeaseName { get; set; }

    /// <summary>Null: the namespace that is watched, else the cluster configuration's (in a pod: the pod's own).</summary>
    public string? LeaseNamespace { get; set; }

    /// <summary>Differs between processes, and between two lives of one. By default the host's name and a random part.</summary>
    public string Identity { get; set; } = $"{Environment.MachineName}_{Guid.NewGuid().ToString("N")[..12]}";

    public TimeSpan LeaseDuration { get; set; } = TimeSpan.FromSeconds(15);

    public TimeSpan RenewDeadline { get; set; } = TimeSpan.FromSeconds(10);

    public TimeSpan RetryPeriod { get; set; } = TimeSpan.FromSeconds(2);

    /// <exception cref="ArgumentException">The three times do not fit.</exception>
    internal void Validate()
    {
        if (LeaseDuration < TimeSpan.FromSeconds(1))
        {
            throw new ArgumentException($"LeaderElection.LeaseDuration: {LeaseDuration} is too short; a Lease counts whole seconds, so at least 1 s");
        }

        if (RenewDeadline >= LeaseDuration)
        {
            throw new ArgumentException($"LeaderElection.RenewDeadline: {RenewDeadline} must be less than LeaseDuration, {LeaseDuration}");
        }

        if (RetryPeriod <= TimeSpan.Zero || RetryPeriod >= RenewDeadline)
        {
            throw new ArgumentException($"LeaderElection.RetryPeriod: {RetryPeriod} must be more than 0 and less than RenewDeadline, {RenewDeadline}");
        }
    }
}
