using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cpt.Kubernetes;

namespace Cpt.Operator;

/// <summary>Parts of pods on their own, for merging.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(PodSpec))]
[JsonSerializable(typeof(ResourceRequirements))]
[JsonSerializable(typeof(JsonObject))]
internal sealed partial class OperatorJson : JsonSerializerContext;
