using System.Text.Json.Serialization;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>A ContinualRun as an owner: whatever its spec says.</summary>
[KubernetesEntity(Group = ContinualRun.Group, ApiVersion = ContinualRun.Version, Kind = ContinualRun.KindName, PluralName = ContinualRun.Plural)]
internal sealed record RunRecord : KubernetesObject;

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(RunRecord))]
internal sealed partial class StandInJson : JsonSerializerContext;
