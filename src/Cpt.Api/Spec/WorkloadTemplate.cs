using System.Text.Json.Nodes;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>How the pods of a stage look. Of this <c>cpt run</c>, which trains on this machine, heeds the device and the number of workers.</summary>
public sealed record WorkloadTemplate
{
    /// <summary>The trainer's image; the operator's own default where it is left out.</summary>
    [MaximumLength(512)]
    public string? Image { get; init; }

    /// <summary>Pods of a stage; their workers train together. Under <c>cpt run</c>, all workers run on this machine.</summary>
    [Minimum(1)]
    [Maximum(1024)]
    public int? Nodes { get; init; }

    /// <summary>Workers started in each pod, one a GPU. How many there are in all changes no stage hash: <c>batchSize</c> is that of all together.</summary>
    [Minimum(1)]
    [Maximum(128)]
    public int? ProcessesPerNode { get; init; }

    /// <summary>What the trainer computes on: <c>cuda</c>, <c>cpu</c>, or <c>auto</c>, which is cuda where there is such a device. Not part of what decides a stage's reuse.</summary>
    [OneOf("auto", "cpu", "cuda")]
    public string? Device { get; init; }

    /// <summary>Requests and limits of the trainer's container, as in a Pod.</summary>
    [FreeForm]
    public JsonObject? Resources { get; init; }

    /// <summary>Service account of the pods.</summary>
    [DnsLabel]
    public string? ServiceAccountName { get; init; }

    /// <summary>Time the trainer has to save after it was asked to stop.</summary>
    [Minimum(1)]
    [Maximum(604800)]
    public long? TerminationGracePeriodSeconds { get; init; }

    /// <summary>Merged into the pod's spec: nodeSelector, tolerations, affinity, volumes and the like.</summary>
    [FreeForm]
    public JsonObject? PodOverrides { get; init; }
}

/// <summary>A Kueue LocalQueue in the run's namespace.</summary>
public sealed record QueueReference
{
    /// <summary>Its name.</summary>
    [DnsLabel]
    public required string Name { get; init; }
}
