using System.Text.Json.Serialization;

namespace Cpt.Api;

/// <summary>The one JSON form of the API: camelCase, enums by name, nulls left out.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(ContinualRun))]
[JsonSerializable(typeof(ContinualRunStatus))]
public sealed partial class ApiJson : JsonSerializerContext;
