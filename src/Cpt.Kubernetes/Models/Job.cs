using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>Runs pods until enough of them succeed.</summary>
[KubernetesEntity(Group = "batch", ApiVersion = "v1", Kind = "Job", PluralName = "jobs")]
public sealed record Job : KubernetesObject, ISpec<JobSpec>, IStatus<JobStatus>
{
    public JobSpec Spec { get; set; } = new();

    public JobStatus? Status { get; set; }

    [JsonIgnore]
    public bool IsComplete => Has("Complete");

    [JsonIgnore]
    public bool IsFailed => Has("Failed");

    private bool Has(string type) => Status?.Conditions?.Exists(condition => condition.Type == type && condition.IsTrue) == true;
}

public sealed record JobSpec
{
    public int? Parallelism { get; set; }

    public int? Completions { get; set; }

    /// <summary><c>NonIndexed</c> or <c>Indexed</c>; servers before 1.21 drop it.</summary>
    public string? CompletionMode { get; set; }

    public int? BackoffLimit { get; set; }

    public long? ActiveDeadlineSeconds { get; set; }

    public int? TtlSecondsAfterFinished { get; set; }

    /// <summary>Servers before 1.21 drop it.</summary>
    public bool? Suspend { get; set; }

    public LabelSelector? Selector { get; set; }

    public bool? ManualSelector { get; set; }

    /// <summary>Servers before 1.25 drop it.</summary>
    public PodFailurePolicy? PodFailurePolicy { get; set; }

    /// <summary><c>TerminatingOrFailed</c> or <c>Failed</c>; servers before 1.28 drop it.</summary>
    public string? PodReplacementPolicy { get; set; }

    public PodTemplateSpec Template { get; set; } = new();

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record JobStatus
{
    public List<Condition>? Conditions { get; set; }

    public int? Active { get; set; }

    public int? Ready { get; set; }

    public int? Terminating { get; set; }

    public int? Succeeded { get; set; }

    public int? Failed { get; set; }

    public string? CompletedIndexes { get; set; }

    public string? FailedIndexes { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? StartTime { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? CompletionTime { get; set; }
}

/// <summary>Which ends of pods count as what.</summary>
public sealed record PodFailurePolicy
{
    public List<PodFailurePolicyRule> Rules { get; set; } = [];
}

public sealed record PodFailurePolicyRule
{
    /// <summary><c>FailJob</c>, <c>FailIndex</c>, <c>Ignore</c> or <c>Count</c>.</summary>
    public string Action { get; set; } = "";

    public PodFailurePolicyOnExitCodes? OnExitCodes { get; set; }

    public List<PodFailurePolicyOnPodCondition>? OnPodConditions { get; set; }
}

public sealed record PodFailurePolicyOnExitCodes
{
    public string? ContainerName { get; set; }

    /// <summary><c>In</c> or <c>NotIn</c>.</summary>
    public string Operator { get; set; } = "";

    public List<int> Values { get; set; } = [];
}

public sealed record PodFailurePolicyOnPodCondition
{
    public string Type { get; set; } = "";

    public string Status { get; set; } = "True";
}
