using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Cli.Benchmarks.Models;
using Cpt.Cli.Benchmarks.Operator;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Cli.Benchmarks.Workers;
using Cpt.Cli.Cluster;
using Cpt.Cli.Commands;
using Cpt.Cli.Running;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;

namespace Cpt.Cli;

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(ProcessIdentity))]
[JsonSerializable(typeof(JobRecord))]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(StatusDocument[]))]
[JsonSerializable(typeof(MatrixDocument))]
[JsonSerializable(typeof(VersionDocument))]
[JsonSerializable(typeof(RunnerEvent))]
[JsonSerializable(typeof(StudyRecord))]
[JsonSerializable(typeof(StudyDocument))]
[JsonSerializable(typeof(StudyPlanDocument[]))]
[JsonSerializable(typeof(PlanDocument))]
[JsonSerializable(typeof(TrainerReport))]
[JsonSerializable(typeof(WorkersReport))]
[JsonSerializable(typeof(ModelsReport))]
[JsonSerializable(typeof(TrainingMemory))]
[JsonSerializable(typeof(OperatorReport))]
internal sealed partial class CliJson : JsonSerializerContext
{
    private static readonly Lazy<CliJson> s_oneLine = new(() => With(indented: false));
    private static readonly Lazy<CliJson> s_readable = new(() => With(indented: true));

    /// <summary>For lines of JSON.</summary>
    public static CliJson OneLine => s_oneLine.Value;

    /// <summary>For documents on standard output; letters beyond ASCII stay as they are.</summary>
    public static CliJson Readable => s_readable.Value;

    private static CliJson With(bool indented) =>
        new(new JsonSerializerOptions(Default.Options) { WriteIndented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
}
