using System.Text;

namespace Cpt.Kubernetes.Tests;

/// <summary>Each kind of this assembly goes to the real API server and back.</summary>
[Trait("Category", "Cluster")]
public sealed class KindTests(ApiServer server) : IAsyncLifetime
{
    // Micro-times keep microseconds, and ordinary times whole seconds.
    private static readonly DateTimeOffset s_moment = new DateTimeOffset(2030, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1_234_560);

    private string _namespace = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task ALeaseKeepsMicroseconds()
    {
        var lease = await Client.CreateAsync(new Lease { Metadata = Named("l"), Spec = new() { HolderIdentity = "me", LeaseDurationSeconds = 15, RenewTime = s_moment, AcquireTime = s_moment.AddTicks(-1_234_560) } });
        Assert.Equal((s_moment, s_moment.AddTicks(-1_234_560)), (lease.Spec.RenewTime, lease.Spec.AcquireTime));
    }

    [Fact]
    public async Task AnEventIsTakenAndCountedUp()
    {
        var about = await Client.CreateAsync(Widget.Named("w", _namespace));
        var created = await Client.CreateAsync(new Event
        {
            Metadata = new() { GenerateName = "w-", Namespace = _namespace },
            EventTime = s_moment,
            ReportingController = "cpt.dev/operator",
            ReportingInstance = "operator-0",
            Action = "CreateJob",
            Reason = "StageStarted",
            Regarding = ObjectReference.Of(about),
            Note = "stage sums started",
            Type = "Normal",
        });
        var patch = Patch.Between(created, created with { Series = new() { Count = 2, LastObservedTime = s_moment.AddMinutes(1) } }, Client.JsonTypeOf<Event>())!;
        var counted = await Client.PatchAsync<Event>(created.Metadata.Name!, _namespace, patch);

        Assert.Equal((2, s_moment.AddMinutes(1)), (counted.Series!.Count, counted.Series.LastObservedTime));
        Assert.Equal((about.Metadata.Uid, "Widget"), (counted.Regarding!.Uid, counted.Regarding.Kind));
        Assert.Contains("stage sums started", await server.Cluster.KubectlAsync(default, "-n", _namespace, "describe", "widget", "w"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AJobAndItsStatusGoThereAndBack()
    {
        var owner = await Client.CreateAsync(Widget.Named("w", _namespace));
        var created = await Client.CreateAsync(new Job
        {
            Metadata = Named("j") with { OwnerReferences = [OwnerReference.ControllerOf(owner)] },
            Spec = new()
            {
                BackoffLimit = 0,
                ActiveDeadlineSeconds = 60,
                TtlSecondsAfterFinished = 100,
                CompletionMode = "NonIndexed",
                PodReplacementPolicy = "Failed",
                PodFailurePolicy = new() { Rules = [new() { Action = "FailJob", OnExitCodes = new() { Operator = "In", Values = [64, 65] } }, new() { Action = "Ignore", OnPodConditions = [new() { Type = "DisruptionTarget" }] }] },
                Template = new() { Metadata = new() { Labels = new() { ["cpt.dev/run"] = "demo" } }, Spec = new() { RestartPolicy = "Never", Containers = [AContainer()], Volumes = [new() { Name = "tmp", EmptyDir = new() }] } },
            },
        });
        Assert.Equal((0, 60L, 100), (created.Spec.BackoffLimit, created.Spec.ActiveDeadlineSeconds, created.Spec.TtlSecondsAfterFinished));
        var container = Assert.Single(created.Spec.Template.Spec.Containers);
        Assert.Equal(("8", "FallbackToLogsOnError", 9400), (container.Resources!.Limits!["nvidia.com/gpu"], container.TerminationMessagePolicy, container.Ports![0].Number));
        Assert.Equal("metadata.name", container.Env![1].ValueFrom!.FieldRef!.FieldPath);
        Assert.Equal(owner.Metadata.Uid, Assert.Single(created.Metadata.OwnerReferences!).Uid);

        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var finished = created with
        {
            Status = new()
            {
                Succeeded = 1,
                StartTime = at,
                CompletionTime = at.AddMinutes(1),
                Conditions = [.. Conditions(at, "SuccessCriteriaMet", "Complete")],
            },
        };
        var stored = await Client.PatchStatusAsync<Job>("j", _namespace, Patch.Between(created, finished, Client.JsonTypeOf<Job>())!);
        Assert.True(stored.IsComplete);
        Assert.False(stored.IsFailed);
        Assert.Equal(at.AddMinutes(1), stored.Status!.CompletionTime);
    }

    [Fact]
    public async Task APodsTerminationMessageIsRead()
    {
        var pod = await Client.CreateAsync(new Pod { Metadata = Named("p"), Spec = new() { RestartPolicy = "Never", Containers = [AContainer()] } });
        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var ended = pod with
        {
            Status = new()
            {
                Phase = "Failed",
                Reason = "Evicted",
                Conditions = [new() { Type = "Ready", Status = "False", LastTransitionTime = at }],
                ContainerStatuses = [new() { Name = "main", Image = "image", ImageID = "", State = new() { Terminated = new() { ExitCode = 75, Reason = "Error", Message = "{}", FinishedAt = at } } }],
            },
        };
        var stored = await Client.PatchStatusAsync<Pod>("p", _namespace, Patch.Between(pod, ended, Client.JsonTypeOf<Pod>())!);
        Assert.Equal(("Failed", "Evicted"), (stored.Status!.Phase, stored.Status.Reason));
        Assert.Equal((75, "{}", at), (stored.Status.ContainerStatuses![0].State!.Terminated!.ExitCode, stored.Status.ContainerStatuses[0].State!.Terminated!.Message, stored.Status.ContainerStatuses[0].State!.Terminated!.FinishedAt));
    }

    [Fact]
    public async Task AHeadlessServiceKeepsItsPortsNames()
    {
        var created = await Client.CreateAsync(new Service
        {
            Metadata = Named("s"),
            Spec = new() { ClusterIP = "None", PublishNotReadyAddresses = true, Selector = new() { ["a"] = "b" }, Ports = [new() { Name = "metrics", Port = 9400, TargetPort = "metrics" }, new() { Name = "rdzv", Port = 29500, TargetPort = 29500 }] },
        });
        Assert.Equal(["metrics", "29500"], created.Spec.Ports!.Select(port => port.TargetPort.ToString()));
        Assert.True(created.Spec.Ports![1].TargetPort!.Value.IsNumber);
    }

    [Fact]
    public async Task ASecretsTextBecomesBytesAndIsNeverPrinted()
    {
        var created = await Client.CreateAsync(new Secret { Metadata = Named("s"), StringData = new() { ["password"] = "p4ss" } });
        Assert.Equal("p4ss", Encoding.UTF8.GetString(created.Data!["password"]));
        Assert.Equal($"Secret {_namespace}/s [password]", created.ToString());
    }

    private static IEnumerable<Condition> Conditions(DateTimeOffset at, params string[] types) =>
        types.Select(type => new Condition { Type = type, Status = "True", LastTransitionTime = at, LastProbeTime = at, Reason = "Test", Message = "" });

    private static Container AContainer() => new()
    {
        Name = "main",
        Image = "image",
        Args = ["--stage", "/cpt/stage.json"],
        Env = [new() { Name = "A", Value = "1" }, new() { Name = "POD", ValueFrom = new() { FieldRef = new() { FieldPath = "metadata.name" } } }],
        Ports = [new() { Name = "metrics", Number = 9400 }],
        Resources = new() { Limits = new() { ["nvidia.com/gpu"] = "8" } },
        TerminationMessagePolicy = "FallbackToLogsOnError",
        SecurityContext = new() { AllowPrivilegeEscalation = false, Capabilities = new() { Drop = ["ALL"] }, SeccompProfile = new() { Type = "RuntimeDefault" } },
    };

    private ObjectMeta Named(string name) => new() { Name = name, Namespace = _namespace };
}
