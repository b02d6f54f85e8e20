using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Runs;

/// <summary>
/// A ContinualRun as the API server stores it. What people write may be anything (a server without schemas, an older or newer version of this program), and one
/// unreadable run must not blind a watch to all others: spec and status are read when somebody asks, and a failure is that run's own.
/// </summary>
[KubernetesEntity(Group = ContinualRun.Group, ApiVersion = ContinualRun.Version, Kind = ContinualRun.KindName, PluralName = ContinualRun.Plural)]
public sealed record RunObject : KubernetesObject
{
    [JsonConverter(typeof(PartConverter<ContinualRunSpec>))]
    public Part<ContinualRunSpec> Spec { get; set; }

    [JsonConverter(typeof(PartConverter<ContinualRunStatus>))]
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public Part<ContinualRunStatus> Status { get; set; }

    /// <summary>The object that the API server stores for a run.</summary>
    public static RunObject Of(ContinualRun run) => new()
    {
        Metadata = new()
        {
            Name = run.Metadata.Name,
            Namespace = run.Metadata.Namespace ?? RunDefaults.Namespace,
            Uid = run.Metadata.Uid,
            ResourceVersion = run.Metadata.ResourceVersion,
            Generation = run.Metadata.Generation,
            CreationTimestamp = run.Metadata.CreationTimestamp,
            DeletionTimestamp = run.Metadata.DeletionTimestamp,
            Finalizers = run.Metadata.Finalizers?.ToList(),
            Labels = run.Metadata.Labels?.ToDictionary(),
            Annotations = run.Metadata.Annotations?.ToDictionary(),
        },
        Spec = new(run.Spec),
        Status = new(run.Status),
    };

    /// <summary>The run as the planner takes it. A status that cannot be read counts as lost: it is rebuilt from Jobs and storage.</summary>
    /// <exception cref="ManifestException">The spec cannot be read; every fault with its field.</exception>
    public ContinualRun ToRun() => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = StoredParts.Metadata(Metadata),
        Spec = Spec.Value ?? throw StoredParts.Fault(ContinualRun.KindName, Metadata, Spec, (text, source) => ManifestReader.Read(text, source)),
        Status = Status.Value,
    };
}

/// <summary>A part of an object: its value, or what stood there instead and why it cannot be read.</summary>
public readonly record struct Part<T>
    where T : class
{
    public Part(T? value) => Value = value;

    internal Part(JsonElement unread, string fault) => (Unread, Fault) = (unread, fault);

    /// <summary>Null when there is none, or none that can be read.</summary>
    public T? Value { get; }

    /// <summary>What cannot be read.</summary>
    public JsonElement? Unread { get; }

    public string? Fault { get; }
}

internal sealed class PartConverter<T> : JsonConverter<Part<T>>
    where T : class
{
    public override Part<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        // A copy reads ahead; only when that fails is the text kept.
        var start = reader;
        try
        {
            return new(JsonSerializer.Deserialize<T>(ref reader, Form));
        }
        catch (JsonException fault)
        {
            reader = start;
            using var document = JsonDocument.ParseValue(ref reader);
            return new(document.RootElement.Clone(), fault.Message);
        }
    }

    public override void Write(Utf8JsonWriter writer, Part<T> value, JsonSerializerOptions options)
    {
        if (value.Unread is { } unread)
        {
            unread.WriteTo(writer);
        }
        else
        {
            JsonSerializer.Serialize(writer, value.Value!, Form);
        }
    }

    private static System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> Form { get; } = (System.Text.Json.Serialization.Metadata.JsonTypeInfo<T>)ApiJson.Default.GetTypeInfo(typeof(T))!;
}

/// <summary>For <see cref="KubernetesClientOptions.Json"/>.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunObject))]
[JsonSerializable(typeof(StudyObject))]
public sealed partial class RunsJson : JsonSerializerContext;
