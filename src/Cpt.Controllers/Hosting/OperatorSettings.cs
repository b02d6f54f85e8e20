using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>What one operator process is and how it works. Set once, while the services are built.</summary>
public sealed class OperatorSettings
{
    /// <summary>Field manager, event source and default lease name.</summary>
    public string Name { get; set; } = "operator";

    /// <summary>Which API server, as whom. Null: where a Kubernetes program looks, see <see cref="ClusterConfig.Load"/>.</summary>
    public ClusterConfig? Cluster { get; set; }

    /// <summary>JSON contexts and the rest; writes of the client made from this pass the lease's fence first.</summary>
    public KubernetesClientOptions Client { get; set; } = new();

    /// <summary>Watch one namespace. Null: all.</summary>
    public string? Namespace { get; set; }

    /// <summary>Null: this process is the only one, and always leads.</summary>
    public LeaderElectionOptions? LeaderElection { get; set; }

    /// <summary>Reconciles of one controller at a time, unless it says otherwise.</summary>
    public int Concurrency { get; set; } = 8;

    /// <summary>A reconcile that takes longer is cancelled and counts as failed.</summary>
    public TimeSpan ReconcileTimeout { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>How long a reconcile waits for its cache to show what the last one wrote, before it goes on with what there is.</summary>
    public TimeSpan ExpectationTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long running reconciles may take when the process stops; then they are cancelled.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>First delay after a failure; doubled with each further one of the same object.</summary>
    public TimeSpan FirstBackoff { get; set; } = TimeSpan.FromMilliseconds(5);

    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(1000);

    /// <summary>Objects a page of the first list.</summary>
    public int PageSize { get; set; } = 500;

    /// <summary>How long one connection of a watch lives. Null: five to ten minutes.</summary>
    public TimeSpan? WatchLifetime { get; set; }

    /// <summary>Meters shown on <c>/metrics</c> beside the engine's and the client's.</summary>
    public IList<string> Meters { get; } = [];

    /// <summary>The engine's clock; leases, delays and backoffs go by its timestamps and timers, never by the time of day.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;
}
