using System.Text.Json;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Tests.Jobs;

public sealed class StageJobTests
{
    [Fact]
    public void AnAttemptIsACreateOnceJobOwnedByItsRun()
    {
        var job = A.JobOf(A.Run(), attempt: 3);

        Assert.Equal(("demo-parity-a3", "ml"), (job.Metadata.Name, job.Metadata.Namespace));
        var owner = Assert.Single(job.Metadata.OwnerReferences!);
        Assert.Equal(("cpt.dev/v1alpha1", "ContinualRun", "demo", A.RunUid, true, true), (owner.ApiVersion, owner.Kind, owner.Name, owner.Uid, owner.Controller, owner.BlockOwnerDeletion));
        Assert.Equal((0, 1, 1, null, null), (job.Spec.BackoffLimit, job.Spec.Completions, job.Spec.Parallelism, job.Spec.CompletionMode, job.Spec.Suspend));
        Assert.Equal("Never", job.Spec.Template.Spec.RestartPolicy);
        Assert.Null(job.Spec.TtlSecondsAfterFinished);
        Assert.Null(job.Spec.ActiveDeadlineSeconds);
    }

    [Fact]
    public void JobAndPodSayWhichAttemptTheyAre()
    {
        var run = A.Run();
        var job = A.JobOf(run, stage: 1, attempt: 2);

        Assert.All([job.Metadata.Labels!, job.Spec.Template.Metadata!.Labels!], labels =>
        {
            Assert.Equal("demo", labels[Labels.Run]);
            Assert.Equal("half", labels[Labels.Stage]);
            Assert.Equal("1", labels[Labels.StageIndex]);
            Assert.Equal("2", labels[Labels.Attempt]);
            Assert.Equal(A.Attempt(run, 1).Spec.StageHash, labels[Labels.StageHash]);
            Assert.Equal("cpt-operator", labels[Labels.ManagedBy]);
        });
        Assert.Equal("token-1", job.Metadata.Annotations![Annotations.RetryToken]);
    }

    [Fact]
    public void TheContractTravelsInThePodItself()
    {
        var attempt = A.Attempt(A.Run());
        var template = A.JobOf(A.Run()).Spec.Template;

        var carried = JsonSerializer.Deserialize(template.Metadata!.Annotations!["cpt.dev/stage"], ContractJson.Default.StageSpec)!;
        Assert.Equal(JsonSerializer.Serialize(attempt.Spec, ContractJson.Default.StageSpec), JsonSerializer.Serialize(carried, ContractJson.Default.StageSpec));
        var volume = Assert.Single(template.Spec.Volumes!, volume => volume.Name == "cpt-stage");
        var item = volume.Other!["downwardAPI"].GetProperty("items")[0];
        Assert.Equal("stage.json", item.GetProperty("path").GetString());
        Assert.Equal("metadata.annotations['cpt.dev/stage']", item.GetProperty("fieldRef").GetProperty("fieldPath").GetString());
        var mount = Assert.Single(Trainer(template).VolumeMounts!, mount => mount.Name == "cpt-stage");
        Assert.Equal(("/cpt", true), (mount.MountPath, mount.ReadOnly));
    }

    [Fact]
    public void APrometheusThatGoesByAnnotationsFindsTheTrainer()
    {
        var template = A.JobOf(A.Run()).Spec.Template;

        var annotations = template.Metadata!.Annotations!;
        Assert.Equal(("true", "/metrics"), (annotations["prometheus.io/scrape"], annotations["prometheus.io/path"]));
        Assert.Equal(annotations["prometheus.io/port"], Assert.Single(Trainer(template).Ports!).Number.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }

    [Fact]
    public void TheTrainerGetsItsArgumentsAndALittleLessTimeThanThePod()
    {
        var trainer = Trainer(A.JobOf(A.Run()).Spec.Template);

        Assert.Equal(["--stage", "/cpt/stage.json", "--work", "/work", "--termination-log", "/dev/termination-log", "--port", "9400", "--log", "json"], trainer.Args);
        Assert.Equal("170", Variable(trainer, "CPT_GRACE_SECONDS")!.Value);
        Assert.Equal("/volumes", Variable(trainer, "CPT_VOLUMES")!.Value);
        Assert.Equal("1", Variable(trainer, "MALLOC_ARENA_MAX")!.Value);
        Assert.Equal("0x400000", Variable(trainer, "DOTNET_GCgen0size")!.Value);
        Assert.Equal(("/dev/termination-log", "File"), (trainer.TerminationMessagePath, trainer.TerminationMessagePolicy));
        Assert.Equal(9400, Assert.Single(trainer.Ports!).Number);
        Assert.Null(Variable(trainer, "MASTER_ADDR"));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 1)]
    [InlineData(30, 27)]
    [InlineData(180, 170)]
    [InlineData(3600, 3590)]
    public void TheTrainersTimeEndsBeforeThePods(long pod, long trainer) => Assert.Equal(trainer, TrainerPod.GraceForTrainer(pod));

    [Fact]
    public void ThePodFitsARestrictedNamespace()
    {
        var pod = A.JobOf(A.Run()).Spec.Template.Spec;
        var trainer = Assert.Single(pod.Containers);

        Assert.True(pod.SecurityContext!.RunAsNonRoot);
        Assert.Equal("RuntimeDefault", pod.SecurityContext.SeccompProfile!.Type);
        Assert.NotNull(pod.SecurityContext.FsGroup);
        Assert.False(pod.AutomountServiceAccountToken);
        Assert.False(pod.EnableServiceLinks);
        Assert.False(trainer.SecurityContext!.AllowPrivilegeEscalation);
        Assert.True(trainer.SecurityContext.ReadOnlyRootFilesystem);
        Assert.Equal(["ALL"], trainer.SecurityContext.Capabilities!.Drop);
        // What a read-only root leaves to write to.
        Assert.Equal(["/work", "/tmp"], trainer.VolumeMounts!.Where(mount => mount.ReadOnly is null && mount.MountPath is "/work" or "/tmp").Select(mount => mount.MountPath));
    }

    [Fact]
    public void CredentialsComeFromTheSecretAndStandNowhere()
    {
        var job = A.JobOf(A.Run(spec => spec with { Storage = spec.Storage with { Uri = "azblob://checkpoints/demo", SecretRef = new SecretReference { Name = "cpt-storage" } } }));

        Assert.Equal("cpt-storage", Assert.Single(Trainer(job.Spec.Template).EnvFrom!).SecretRef!.Name);
        Assert.DoesNotContain("azure.workload.identity/use", job.Spec.Template.Metadata!.Labels!.Keys);
    }

    [Fact]
    public void WithoutASecretBlobStorageMeansAWorkloadIdentity()
    {
        var job = A.JobOf(A.Run(spec => spec with { Storage = new StorageSettings { Uri = "azblob://checkpoints/demo" } }));

        Assert.Null(Trainer(job.Spec.Template).EnvFrom);
        Assert.Equal("true", job.Spec.Template.Metadata!.Labels!["azure.workload.identity/use"]);
        Assert.DoesNotContain("azure.workload.identity/use", job.Metadata.Labels!.Keys);
    }

    [Fact]
    public void EveryClaimIsMountedOnceAndOnlyTheStorageForWriting()
    {
        var run = A.Run(spec => spec with
        {
            BaseModel = new BaseModelSettings { Uri = "pvc://models/qwen" },
            Stages = [A.Stage("parity", stage => stage with { Task = new StageTask { Uri = "pvc://data/parity" } }), A.Stage("half", stage => stage with { Task = new StageTask { Uri = "pvc://data/half" } })],
            Evaluation = new EvaluationSettings { Benchmarks = [new Benchmark { Name = "general", Uri = "pvc://checkpoints/bench" }] },
        });
        var pod = A.JobOf(run).Spec.Template.Spec;

        Assert.Equal(["checkpoints", "models", "data"], pod.Volumes!.Where(volume => volume.PersistentVolumeClaim is not null).Select(volume => volume.PersistentVolumeClaim!.ClaimName));
        var mounts = Assert.Single(pod.Containers).VolumeMounts!.Where(mount => mount.MountPath.StartsWith("/volumes/", StringComparison.Ordinal)).Select(mount => (mount.MountPath, mount.ReadOnly));
        Assert.Equal([("/volumes/checkpoints", null), ("/volumes/models", true), ("/volumes/data", true)], mounts);
    }

    [Fact]
    public void AQueuedAttemptIsCreatedSuspendedUnderItsQueuesLabel()
    {
        var job = A.JobOf(A.Run(spec => spec with { Queue = new QueueReference { Name = "gpu-a100" } }), queued: true);

        Assert.True(job.Spec.Suspend);
        Assert.Equal("gpu-a100", job.Metadata.Labels!["kueue.x-k8s.io/queue-name"]);
        Assert.DoesNotContain("kueue.x-k8s.io/queue-name", job.Spec.Template.Metadata!.Labels!.Keys);
    }

    [Fact]
    public void AFailurePolicyNamesWhatTheServerShouldWriteDownAndNeverIgnores()
    {
        var rules = A.JobOf(A.Run()).Spec.PodFailurePolicy!.Rules;

        Assert.All(rules, rule => Assert.Equal("FailJob", rule.Action));
        Assert.Equal([64, 65, 66, 75], rules[0].OnExitCodes!.Values);
        Assert.Equal(("trainer", "In"), (rules[0].OnExitCodes!.ContainerName, rules[0].OnExitCodes!.Operator));
        Assert.Equal("DisruptionTarget", Assert.Single(rules[1].OnPodConditions!).Type);
        Assert.Equal("Failed", A.JobOf(A.Run()).Spec.PodReplacementPolicy);
    }

    [Fact]
    public void AStagesTemplateOverridesSingleFieldsOfTheCommonOne()
    {
        var run = A.Run(spec => spec with
        {
            Template = new WorkloadTemplate { Image = "common:1", ServiceAccountName = "trainer", TerminationGracePeriodSeconds = 60, Resources = A.Json("""{"limits":{"cpu":2,"memory":"4Gi"}}""") },
            Stages = [A.Stage("parity"), A.Stage("half", stage => stage with { Template = new WorkloadTemplate { Image = "own:2" } })],
        });
        var pod = A.JobOf(run, stage: 1).Spec.Template.Spec;

        Assert.Equal("own:2", Assert.Single(pod.Containers).Image);
        Assert.Equal(("trainer", 60L), (pod.ServiceAccountName, pod.TerminationGracePeriodSeconds));
        Assert.Equal("2", Assert.Single(pod.Containers).Resources!.Limits!["cpu"]);
        Assert.Equal("common:1", Assert.Single(A.JobOf(run).Spec.Template.Spec.Containers).Image);
    }

    [Fact]
    public void WhereARunSaysNothingTheOperatorsOwnSettingsStand()
    {
        var run = A.Run();
        var job = StageJob.Build(Cpt.Runs.RunObject.Of(run), run, A.Attempt(run), new TrainerSettings("default:9", "operator-choice"));

        Assert.Equal("default:9", Trainer(job.Spec.Template).Image);
        Assert.Equal("operator-choice", job.Spec.Template.Spec.ServiceAccountName);
    }

    [Fact]
    public void SeveralNodesAreAnIndexedJobWhosePodsFindEachOther()
    {
        var run = A.WithTemplate(new WorkloadTemplate { Nodes = 4, ProcessesPerNode = 8 });
        var job = A.JobOf(run, attempt: 2);
        var trainer = Trainer(job.Spec.Template);

        Assert.Equal(("Indexed", 4, 4, 0), (job.Spec.CompletionMode, job.Spec.Completions, job.Spec.Parallelism, job.Spec.BackoffLimit));
        Assert.Equal("demo-peers", job.Spec.Template.Spec.Subdomain);
        Assert.Equal("demo-parity-a2-0.demo-peers", Variable(trainer, "MASTER_ADDR")!.Value);
        Assert.Equal("29500", Variable(trainer, "MASTER_PORT")!.Value);
        Assert.Equal("4", Variable(trainer, "NNODES")!.Value);
        Assert.Equal("8", Variable(trainer, "NPROC_PER_NODE")!.Value);
        Assert.Equal("metadata.annotations['batch.kubernetes.io/job-completion-index']", Variable(trainer, "NODE_RANK")!.ValueFrom!.FieldRef!.FieldPath);
    }

    [Fact]
    public void ThePeersServiceIsHeadlessAndTheRunsOwn()
    {
        var run = A.WithTemplate(new WorkloadTemplate { Nodes = 2 });
        var service = Peers.Service(Cpt.Runs.RunObject.Of(run), run);

        Assert.Equal("None", service.Spec.ClusterIP);
        Assert.True(service.Spec.PublishNotReadyAddresses);
        Assert.Equal(A.RunUid, Assert.Single(service.Metadata.OwnerReferences!).Uid);
        Assert.All(service.Spec.Selector!, label => Assert.Equal(label.Value, A.JobOf(run).Spec.Template.Metadata!.Labels![label.Key]));
    }

    [Fact]
    public void SeveralProcessesOnOneNodeMeetOnTheirOwnHost()
    {
        var job = A.JobOf(A.WithTemplate(new WorkloadTemplate { ProcessesPerNode = 8 }));

        Assert.Null(job.Spec.CompletionMode);
        Assert.Equal(("localhost", "0", "8"), (Variable(Trainer(job.Spec.Template), "MASTER_ADDR")!.Value, Variable(Trainer(job.Spec.Template), "NODE_RANK")!.Value, Variable(Trainer(job.Spec.Template), "NPROC_PER_NODE")!.Value));
    }

    [Fact]
    public void ResourcesThatAreNoneAreRefusedByTheirField()
    {
        var fault = Assert.Throws<PodFaultException>(() => A.JobOf(A.WithTemplate(new WorkloadTemplate { Resources = A.Json("""{"limits":"many"}""") }))).Fault;

        Assert.StartsWith("spec.template.resources.limits", fault.Path, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"limits":{"nvidia.com/gpu":"8"}}""", 2, 16)]
    [InlineData("""{"limits":{"nvidia.com/gpu":4}}""", 1, 4)]
    [InlineData("""{"limits":{"nvidia.com/mig-1g.5gb":"1","cpu":"4"}}""", 1, 1)]
    [InlineData("""{"limits":{"cpu":"4"}}""", 1, 0)]
    [InlineData("""{}""", 1, 0)]
    public void GpusAreCountedOverAllNodes(string resources, int nodes, int gpus) =>
        Assert.Equal(gpus, Workload.Of(A.WithTemplate(new WorkloadTemplate { Nodes = nodes, Resources = A.Json(resources) }), 0).Gpus);

    [Fact]
    public void TheLargestContractFitsAnAnnotation()
    {
        var run = A.Run(spec => spec with
        {
            Stages = [.. Enumerable.Range(0, 64).Select(index => A.Stage($"stage-{index}", stage => stage with { Task = new StageTask { Uri = "azblob://data/" + new string('x', 200) + index } }))],
            Evaluation = new EvaluationSettings { Scope = EvaluationScope.AllTasks },
        });

        // Kubernetes' limit for all annotations of one object.
        Assert.InRange(A.JobOf(run, stage: 63).Spec.Template.Metadata!.Annotations!["cpt.dev/stage"].Length, 1, 256 << 10);
    }

    private static Container Trainer(PodTemplateSpec template) => Assert.Single(template.Spec.Containers, container => container.Name == "trainer");

    private static EnvVar? Variable(Container container, string name) => container.Env!.Find(variable => variable.Name == name);
}
