using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>Something that happened to an object, for people: <c>kubectl describe</c> shows it.</summary>
[KubernetesEntity(Group = "events.k8s.io", ApiVersion = "v1", Kind = "Event", PluralName = "events")]
public sealed record Event : KubernetesObject
{
    /// <summary>When it was first seen.</summary>
    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? EventTime { get; set; }

    /// <summary>How often it was seen since; null for a single one.</summary>
    public EventSeries? Series { get; set; }

    /// <summary>Name of the controller: <c>cpt.dev/operator</c>.</summary>
    public string? ReportingController { get; set; }

    /// <summary>Which process of it.</summary>
    public string? ReportingInstance { get; set; }

    /// <summary>What was done or failed, in UpperCamelCase.</summary>
    public string? Action { get; set; }

    /// <summary>Why, in UpperCamelCase; at most 128 characters.</summary>
    public string? Reason { get; set; }

    /// <summary>What the event is about.</summary>
    public ObjectReference? Regarding { get; set; }

    /// <summary>Another object that plays a part.</summary>
    public ObjectReference? Related { get; set; }

    /// <summary>For people; at most 1 kB.</summary>
    public string? Note { get; set; }

    /// <summary><c>Normal</c> or <c>Warning</c>.</summary>
    public string? Type { get; set; }

    // Old writers (the kubelet, the Job controller) fill these and leave eventTime and series empty.

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeprecatedFirstTimestamp { get; set; }

    [JsonConverter(typeof(TimeConverter))]
    public DateTimeOffset? DeprecatedLastTimestamp { get; set; }

    public int? DeprecatedCount { get; set; }
}

public sealed record EventSeries
{
    public int Count { get; set; }

    [JsonConverter(typeof(MicroTimeConverter))]
    public DateTimeOffset? LastObservedTime { get; set; }
}
