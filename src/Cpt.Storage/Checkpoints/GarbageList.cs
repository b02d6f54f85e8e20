using System.Text.Json.Serialization;

namespace Cpt.Storage;

/// <summary>Blobs that a deleted manifest referred to. It outlives the process that wrote it, so that nothing leaks when that one dies.</summary>
/// <param name="Digests">Of the blobs.</param>
internal sealed record GarbageList(IReadOnlyList<string> Digests);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(GarbageList))]
internal sealed partial class GarbageJson : JsonSerializerContext;
