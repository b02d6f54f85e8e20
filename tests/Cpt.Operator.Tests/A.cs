using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;
using Cpt.Planning;
using Cpt.Runs;

namespace Cpt.Operator.Tests;

/// <summary>Builders: a run, an attempt of it, its Job, and pods as a kubelet leaves them.</summary>
internal static class A
{
    public static readonly DateTimeOffset Morning = new(2026, 1, 2, 8, 0, 0, TimeSpan.Zero);

    public static readonly TrainerSettings Trainer = new("registry.example/cpt-trainer:1", null);

    public const string RunUid = "6f1c9bb0-0000-4000-8000-000000000001";
    public const string JobUid = "6f1c9bb0-0000-4000-8000-000000000002";
    public const string Hash = "0123456789abcdef0123456789abcdef01234567";

    public static ContinualRun Run(Func<ContinualRunSpec, ContinualRunSpec>? change = null) => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = new() { Name = "demo", Namespace = "ml", Uid = RunUid, Generation = 1, ResourceVersion = "7", CreationTimestamp = Morning },
        Spec = (change ?? (spec => spec))(new ContinualRunSpec
        {
            BaseModel = new BaseModelSettings { Uri = "bundled://models/digits-base" },
            Storage = new StorageSettings { Uri = "pvc://checkpoints/demo" },
            Stages = [Stage("parity"), Stage("half")],
        }),
    };

    public static RunStage Stage(string name, Func<RunStage, RunStage>? change = null) =>
        (change ?? (stage => stage))(new RunStage { Name = name, Method = Method.SFT, Task = new StageTask { Uri = $"generated://digits/{name}" } });

    public static ContinualRun WithTemplate(WorkloadTemplate template) => Run(spec => spec with { Template = template });

    public static ContinualRun WithOverrides(string json) => WithTemplate(new WorkloadTemplate { PodOverrides = Json(json) });

    public static JsonObject Json(string text) => JsonNode.Parse(text)!.AsObject();

    public static PlanAction.CreateJob Attempt(ContinualRun run, int stage = 0, int attempt = 1, bool queued = false)
    {
        var spec = StageSpecs.Build(run, stage, new StageInputs { BaseModelDigest = Digests.OfText("base"), InputDigest = Digests.OfText("base"), TaskDigest = Digests.OfText("task"), Attempt = attempt });
        return new PlanAction.CreateJob($"{run.Metadata.Name}-{spec.Stage}-a{attempt}", spec, "token-1", queued, EvaluateOnly: false);
    }

    public static Job JobOf(ContinualRun run, int stage = 0, int attempt = 1, bool queued = false) => StageJob.Build(RunObject.Of(run), run, Attempt(run, stage, attempt, queued), Trainer);

    /// <summary>As the server has it.</summary>
    public static Job Job(Action<Job>? change = null)
    {
        var job = new Job
        {
            Metadata = new()
            {
                Name = "demo-parity-a2",
                Namespace = "ml",
                Uid = JobUid,
                CreationTimestamp = Morning,
                Labels = new(StringComparer.Ordinal) { [Labels.Run] = "demo", [Labels.Stage] = "parity", [Labels.Attempt] = "2", [Labels.StageHash] = Hash },
                Annotations = new(StringComparer.Ordinal) { [Annotations.RetryToken] = "token-1" },
                OwnerReferences = [new OwnerReference { Kind = "ContinualRun", Name = "demo", Uid = RunUid, Controller = true }],
            },
        };
        change?.Invoke(job);
        return job;
    }

    public static Job Ended(this Job job, string type, string reason = "", string message = "")
    {
        job.Status = new JobStatus { Conditions = [new() { Type = type, Status = "True", Reason = reason, Message = message, LastTransitionTime = Morning.AddMinutes(9) }] };
        return job;
    }

    public static Pod Pod(string phase, ContainerState? state = null, string? reason = null)
    {
        return new Pod
        {
            Metadata = new()
            {
                Name = "demo-parity-a2-x",
                Namespace = "ml",
                Uid = Guid.NewGuid().ToString(),
                CreationTimestamp = Morning,
                Labels = new(StringComparer.Ordinal) { [Labels.Run] = "demo", ["job-name"] = "demo-parity-a2" },
                OwnerReferences = [new OwnerReference { Kind = "Job", Name = "demo-parity-a2", Uid = JobUid, Controller = true }],
            },
            Status = new PodStatus
            {
                Phase = phase,
                Reason = reason,
                ContainerStatuses = state is null ? null : [new ContainerStatus { Name = TrainerPod.Container, State = state }],
            },
        };
    }

    public static Pod Exited(int code, string? message = null, string? reason = null, int minute = 8) => Pod(
        code == 0 ? "Succeeded" : "Failed",
        new ContainerState
        {
            Terminated = new ContainerStateTerminated
            {
                ExitCode = code,
                Message = message,
                Reason = reason ?? (code == 0 ? "Completed" : "Error"),
                StartedAt = Morning.AddMinutes(1),
                FinishedAt = Morning.AddMinutes(minute),
            },
        });

    public static Pod Disrupted(this Pod pod, string reason)
    {
        pod.Status!.Conditions = [.. pod.Status.Conditions ?? [], new() { Type = "DisruptionTarget", Status = "True", Reason = reason, Message = "evicted for an upgrade" }];
        return pod;
    }
}
