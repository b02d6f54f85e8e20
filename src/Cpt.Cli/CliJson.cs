using System.Text.Json.Serialization;
using Cpt.Cli.Running;
using Cpt.Cli.Status;

namespace Cpt.Cli;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ProcessIdentity))]
[JsonSerializable(typeof(JobRecord))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(RunnerEvent))]
internal sealed partial class CliJson : JsonSerializerContext;
