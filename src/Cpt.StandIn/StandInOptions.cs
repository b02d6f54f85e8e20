using Cpt.Storage;

namespace Cpt.StandIn;

/// <summary>Which parts are played, and how.</summary>
public sealed record StandInOptions
{
    /// <summary>Null: the whole cluster.</summary>
    public string? Namespace { get; init; }

    /// <summary>
    /// True: also the Job controller and the garbage collector are played, for a cluster that is an API server and nothing else. False: a real
    /// kube-controller-manager does that, and only scheduler, kubelet and trainer are played, on a node of the name <see cref="Node"/> that is created for it.
    /// </summary>
    public bool PlaysControllers { get; init; } = true;

    /// <summary>What each attempt does.</summary>
    public Scenario Scenario { get; init; } = new();

    /// <summary>Where trainers commit: mount points and credentials.</summary>
    public StorageOptions Storage { get; init; } = new();

    /// <summary>Where <c>GET http://podIP:port/progress</c> is answered. 0: a free port, see <see cref="ClusterStandIn.ProgressPort"/>. Null: nowhere.</summary>
    public int? ProgressPort { get; init; }

    /// <summary>
    /// False: what is in between (a Job that became active, a pod that runs) is not written, and a Job costs three calls instead of five. For measuring others.
    /// </summary>
    public bool ShowsRunning { get; init; } = true;

    public string Node { get; init; } = "stand-in";

    /// <summary>Decides pod names' last characters and pod addresses.</summary>
    public int Seed { get; init; }

    /// <summary>Calls side by side.</summary>
    public int Concurrency { get; init; } = 32;

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Told of everything that went wrong and is tried again.</summary>
    public Action<string> OnTrouble { get; init; } = static _ => { };
}
