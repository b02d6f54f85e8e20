using System.Text.Json.Serialization;
using Cpt.Api.Reading;

namespace Cpt.Api;

/// <summary>The one JSON form of the API: camelCase, enums by name, nulls left out. As exact as the schema: no <c>sft</c> for <c>SFT</c>.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    Converters = [typeof(ExactEnums)])]
[JsonSerializable(typeof(ContinualRun))]
[JsonSerializable(typeof(ContinualRunStatus))]
[JsonSerializable(typeof(ContinualStudy))]
[JsonSerializable(typeof(ContinualStudySpec))]
[JsonSerializable(typeof(ContinualStudyStatus))]
public sealed partial class ApiJson : JsonSerializerContext;
