using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.Operator.Jobs;

/// <summary>
/// The pod of a stage as a restricted namespace admits it: no root, no capabilities, a root file system that is only read. The stage's contract lies in an annotation of the
/// pod itself, so that one write makes an attempt and nothing is left to clean up.
/// </summary>
internal static class TrainerPod
{
    public const string Container = "trainer";
    public const string StageAnnotation = Api.Annotations.Stage;
    public const string StageVolume = "cpt-stage";
    public const string WorkVolume = "cpt-work";
    public const string TemporaryVolume = "cpt-tmp";
    public const string StageDirectory = "/cpt";
    public const string VolumesDirectory = "/volumes";
    public const string TerminationLog = "/dev/termination-log";
    public const int Port = 9400;

    /// <summary>Group of mounted volumes, so that a trainer without root may write to them.</summary>
    private const long FileGroup = 65532;

    public static PodSpec Build(ContinualRun run, Workload workload, TrainerSettings settings, string job)
    {
        var claims = Claim.Of(run);
        return new PodSpec
        {
            RestartPolicy = "Never",
            ServiceAccountName = workload.ServiceAccountName ?? settings.ServiceAccountName,
            AutomountServiceAccountToken = false,
            EnableServiceLinks = false,
            TerminationGracePeriodSeconds = workload.GraceSeconds,
            Subdomain = workload.Nodes > 1 ? Peers.ServiceName(run) : null,
            SecurityContext = new PodSecurityContext
            {
                RunAsNonRoot = true,
                FsGroup = FileGroup,
                FsGroupChangePolicy = "OnRootMismatch",
                SeccompProfile = new SeccompProfile { Type = "RuntimeDefault" },
            },
            Containers = [Trainer(run, workload, settings, job, claims)],
            Volumes =
            [
                new Volume { Name = StageVolume, Other = new(StringComparer.Ordinal) { ["downwardAPI"] = JsonSerializer.SerializeToElement(StageFile(), OperatorJson.Default.JsonObject) } },
                new Volume { Name = WorkVolume, EmptyDir = new EmptyDirVolume() },
                new Volume { Name = TemporaryVolume, EmptyDir = new EmptyDirVolume() },
                .. claims.Select((claim, index) => new Volume { Name = VolumeName(index), PersistentVolumeClaim = new PersistentVolumeClaimVolume { ClaimName = claim.Name } }),
            ],
        };
    }

    /// <summary>The contract, and what a Prometheus that goes by annotations looks for.</summary>
    public static Dictionary<string, string> AnnotationsOf(StageSpec spec) => new(StringComparer.Ordinal)
    {
        [StageAnnotation] = JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec),
        ["prometheus.io/scrape"] = "true",
        ["prometheus.io/port"] = Port.ToString(CultureInfo.InvariantCulture),
        ["prometheus.io/path"] = "/metrics",
    };

    /// <summary>A little under the pod's own: what is written by then is known to be whole, and the process ends by itself with exit code 75.</summary>
    public static long GraceForTrainer(long podSeconds) => Math.Max(1, podSeconds - Math.Clamp(podSeconds / 10, 1, 10));

    private static Container Trainer(ContinualRun run, Workload workload, TrainerSettings settings, string job, IReadOnlyList<Claim> claims) => new()
    {
        Name = Container,
        Image = workload.Image ?? settings.Image,
        Args =
        [
            "--stage", $"{StageDirectory}/stage.json", "--work", "/work", "--termination-log", TerminationLog,
            "--port", Port.ToString(CultureInfo.InvariantCulture), "--log", "json",
        ],
        Env =
        [
            new EnvVar { Name = "CPT_GRACE_SECONDS", Value = GraceForTrainer(workload.GraceSeconds).ToString(CultureInfo.InvariantCulture) },
            new EnvVar { Name = "CPT_VOLUMES", Value = VolumesDirectory },
            // One heap for all threads and a small nursery: most of a trainer's memory is not the runtime's.
            new EnvVar { Name = "MALLOC_ARENA_MAX", Value = "1" },
            new EnvVar { Name = "DOTNET_GCgen0size", Value = "0x400000" },
            .. Peers.Environment(run, workload, job),
        ],
        EnvFrom = run.Spec.Storage.SecretRef is { } secret ? [new EnvFromSource { SecretRef = new OptionalReference { Name = secret.Name } }] : null,
        Ports = [new ContainerPort { Name = "metrics", Number = Port, Protocol = "TCP" }],
        Resources = Resources(workload),
        TerminationMessagePath = TerminationLog,
        TerminationMessagePolicy = "File",
        SecurityContext = new SecurityContext
        {
            AllowPrivilegeEscalation = false,
            ReadOnlyRootFilesystem = true,
            RunAsNonRoot = true,
            Capabilities = new Capabilities { Drop = ["ALL"] },
            SeccompProfile = new SeccompProfile { Type = "RuntimeDefault" },
        },
        VolumeMounts =
        [
            new VolumeMount { Name = StageVolume, MountPath = StageDirectory, ReadOnly = true },
            new VolumeMount { Name = WorkVolume, MountPath = "/work" },
            new VolumeMount { Name = TemporaryVolume, MountPath = "/tmp" },
            .. claims.Select((claim, index) => new VolumeMount { Name = VolumeName(index), MountPath = $"{VolumesDirectory}/{claim.Name}", ReadOnly = claim.Written ? null : true }),
        ],
    };

    private static ResourceRequirements? Resources(Workload workload)
    {
        if (workload.Resources is null)
        {
            return null;
        }

        try
        {
            return Quantities.AsText(workload.Resources).Deserialize(OperatorJson.Default.ResourceRequirements);
        }
        catch (JsonException fault)
        {
            throw new PodFaultException(new FieldError(
                workload.PathOf("resources") + fault.Path?.TrimStart('$'), $"is not what a container has there: {fault.Message.Split(" Path:", 2)[0]}"));
        }
    }

    private static JsonObject StageFile() => new()
    {
        ["items"] = new JsonArray(new JsonObject
        {
            ["path"] = "stage.json",
            ["fieldRef"] = new JsonObject { ["apiVersion"] = "v1", ["fieldPath"] = $"metadata.annotations['{StageAnnotation}']" },
        }),
    };

    /// <summary>Claims may have longer names than volumes.</summary>
    private static string VolumeName(int index) => string.Create(CultureInfo.InvariantCulture, $"cpt-claim-{index}");
}

/// <summary>The pod that a run asks for cannot be made.</summary>
internal sealed class PodFaultException(FieldError fault) : Exception(fault.ToString())
{
    public FieldError Fault { get; } = fault;
}
