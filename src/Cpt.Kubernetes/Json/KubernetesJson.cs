using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>
/// The JSON form of the kinds of this assembly. A context for kinds of one's own takes the same options and goes into <see cref="KubernetesClientOptions.Json"/>.
/// </summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(ConfigMap))]
[JsonSerializable(typeof(CustomResourceDefinition))]
[JsonSerializable(typeof(Event))]
[JsonSerializable(typeof(Job))]
[JsonSerializable(typeof(Lease))]
[JsonSerializable(typeof(Namespace))]
[JsonSerializable(typeof(Pod))]
[JsonSerializable(typeof(Scale))]
[JsonSerializable(typeof(Secret))]
[JsonSerializable(typeof(Service))]
[JsonSerializable(typeof(ServiceAccount))]
[JsonSerializable(typeof(Status))]
[JsonSerializable(typeof(ServerVersion))]
[JsonSerializable(typeof(ApiResourceList))]
[JsonSerializable(typeof(ApiGroupList))]
public sealed partial class KubernetesJson : JsonSerializerContext;

/// <summary>What goes over the wire or lies in files and is no kind of its own.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(DeleteBody))]
[JsonSerializable(typeof(ExecCredential))]
[JsonSerializable(typeof(KubeconfigFile))]
[JsonSerializable(typeof(ListMeta))]
internal sealed partial class WireJson : JsonSerializerContext;
