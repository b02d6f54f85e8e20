using System.Text.Json.Serialization;

namespace Cpt.Contract;

/// <summary>The one JSON form of everything in this room: camelCase, nulls left out, one line.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true)]
[JsonSerializable(typeof(StageSpec))]
[JsonSerializable(typeof(TrainingSpec))]
[JsonSerializable(typeof(CheckpointManifest))]
[JsonSerializable(typeof(EvaluationDocument))]
[JsonSerializable(typeof(StageProgress))]
[JsonSerializable(typeof(StageResult))]
[JsonSerializable(typeof(TrainerEvent))]
[JsonSerializable(typeof(RunRecord))]
[JsonSerializable(typeof(RolloutChunk))]
[JsonSerializable(typeof(ProbeReport))]
public sealed partial class ContractJson : JsonSerializerContext;
