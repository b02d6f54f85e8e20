using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;

namespace Cpt.Operator.Tests.Jobs;

public sealed class PodOverridesTests
{
    [Fact]
    public void ObjectsAreMergedMemberByMemberAndNullRemoves()
    {
        var pod = Merged("""{"nodeSelector":{"pool":"a100"},"securityContext":{"fsGroup":1000,"seccompProfile":null},"priorityClassName":"high"}""");

        Assert.Equal("a100", pod.NodeSelector!["pool"]);
        Assert.Equal((1000L, true, null), (pod.SecurityContext!.FsGroup, pod.SecurityContext.RunAsNonRoot, pod.SecurityContext.SeccompProfile));
        Assert.Equal("high", pod.PriorityClassName);
    }

    [Fact]
    public void ListsWithoutAKeyTakeThePlaceOfWhatIsThere()
    {
        var pod = Merged("""{"tolerations":[{"key":"gpu","operator":"Exists"}]}""");

        Assert.Equal("gpu", Assert.Single(pod.Tolerations!).Key);
    }

    [Fact]
    public void TheTrainersContainerIsFoundByItsName()
    {
        var trainer = Assert.Single(Merged("""
            {"containers":[{"name":"trainer","env":[{"name":"NCCL_DEBUG","value":"INFO"},{"name":"MALLOC_ARENA_MAX","value":"4"}],
                            "volumeMounts":[{"name":"shm","mountPath":"/dev/shm"}],"command":["/bin/wrap"]}],
             "volumes":[{"name":"shm","emptyDir":{"medium":"Memory"}}]}
            """).Containers);

        Assert.Equal("--stage", trainer.Args![0]);
        Assert.Equal(["/bin/wrap"], trainer.Command);
        Assert.Equal("INFO", trainer.Env!.Find(variable => variable.Name == "NCCL_DEBUG")!.Value);
        Assert.Equal("4", Assert.Single(trainer.Env!, variable => variable.Name == "MALLOC_ARENA_MAX").Value);
        Assert.Contains(trainer.Env!, variable => variable.Name == "CPT_GRACE_SECONDS");
        Assert.Contains(trainer.VolumeMounts!, mount => mount.MountPath == "/dev/shm");
        Assert.Contains(trainer.VolumeMounts!, mount => mount.MountPath == "/cpt");
    }

    [Fact]
    public void AnotherContainerStandsBesideTheTrainer()
    {
        var pod = Merged("""{"containers":[{"name":"sidecar","image":"x","resources":{"limits":{"cpu":1}}}],"initContainers":[{"name":"warm","image":"y"}]}""");

        Assert.Equal(["trainer", "sidecar"], pod.Containers.Select(container => container.Name));
        Assert.Equal("1", pod.Containers[1].Resources!.Limits!["cpu"]);
        Assert.Equal("warm", Assert.Single(pod.InitContainers!).Name);
    }

    [Fact]
    public void FurtherVariablesFromSecretsDoNotTakeTheCredentialsAway()
    {
        var run = A.Run(spec => spec with
        {
            Storage = spec.Storage with { SecretRef = new SecretReference { Name = "storage" } },
            Template = new WorkloadTemplate { PodOverrides = A.Json("""{"containers":[{"name":"trainer","envFrom":[{"configMapRef":{"name":"more"}}]}]}""") },
        });

        Assert.Equal(["storage", null], Assert.Single(A.JobOf(run).Spec.Template.Spec.Containers).EnvFrom!.Select(source => source.SecretRef?.Name));
    }

    [Fact]
    public void FieldsThisProgramHasNeverHeardOfReachThePod()
    {
        var pod = Merged("""{"dnsConfig":{"nameservers":["10.0.0.1"]},"containers":[{"name":"trainer","securityContext":{"procMount":"Default"}}]}""");

        Assert.Equal("10.0.0.1", pod.Other!["dnsConfig"].GetProperty("nameservers")[0].GetString());
        Assert.Equal("Default", pod.Containers[0].SecurityContext!.Other!["procMount"].GetString());
        Assert.False(pod.Containers[0].SecurityContext!.AllowPrivilegeEscalation);
    }

    [Fact]
    public void AStagesOwnOverridesTakeThePlaceOfTheCommonOnes()
    {
        var run = A.Run(spec => spec with
        {
            Template = new WorkloadTemplate { PodOverrides = A.Json("""{"nodeSelector":{"pool":"a100"}}""") },
            Stages = [A.Stage("parity"), A.Stage("half", stage => stage with { Template = new WorkloadTemplate { PodOverrides = A.Json("""{"nodeSelector":{"pool":"h100"}}""") } })],
        });

        Assert.Equal("a100", A.JobOf(run).Spec.Template.Spec.NodeSelector!["pool"]);
        Assert.Equal("h100", A.JobOf(run, stage: 1).Spec.Template.Spec.NodeSelector!["pool"]);
    }

    [Theory]
    [InlineData("""{"restartPolicy":"OnFailure"}""", "spec.template.podOverrides.restartPolicy")]
    [InlineData("""{"serviceAccountName":"root"}""", "spec.template.podOverrides.serviceAccountName")]
    [InlineData("""{"terminationGracePeriodSeconds":5}""", "spec.template.podOverrides.terminationGracePeriodSeconds")]
    [InlineData("""{"metadata":{"labels":{}}}""", "spec.template.podOverrides.metadata")]
    [InlineData("""{"spec":{"nodeSelector":{}}}""", "spec.template.podOverrides.spec")]
    [InlineData("""{"containers":null}""", "spec.template.podOverrides.containers")]
    [InlineData("""{"volumes":[{"name":"a"},{"name":"cpt-stage"}]}""", "spec.template.podOverrides.volumes[1].name")]
    [InlineData("""{"containers":[{"name":"trainer","args":["--help"]}]}""", "spec.template.podOverrides.containers[0].args")]
    [InlineData("""{"containers":[{"name":"x"},{"name":"trainer","image":"mine"}]}""", "spec.template.podOverrides.containers[1].image")]
    [InlineData("""{"containers":[{"name":"trainer","env":null}]}""", "spec.template.podOverrides.containers[0].env")]
    [InlineData("""{"containers":[{"name":"trainer","env":[{"name":"CPT_VOLUMES","value":"/x"}]}]}""", "spec.template.podOverrides.containers[0].env[0].name")]
    [InlineData("""{"containers":[{"name":"trainer","volumeMounts":[{"name":"x","mountPath":"/cpt/"}]}]}""", "spec.template.podOverrides.containers[0].volumeMounts[0].mountPath")]
    public void WhatTheChainRestsOnMayNotBeOverridden(string overrides, string path)
    {
        var error = Assert.Single(PodOverrides.Check(Workload.Of(A.WithOverrides(overrides), 0)));

        Assert.Equal(path, error.Path);
        Assert.Contains("may not be", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"nodeSelector":{"pool":"a100"}}""")]
    [InlineData("""{"containers":[{"name":"sidecar","args":["x"],"image":"y"}]}""")]
    [InlineData("""{"securityContext":null}""")]
    public void EverythingElseMay(string overrides) => Assert.Empty(PodOverrides.Check(Workload.Of(A.WithOverrides(overrides), 0)));

    [Fact]
    public void AValueOfTheWrongKindIsRefusedByItsField()
    {
        var fault = Assert.Throws<PodFaultException>(() => Merged("""{"tolerations":"all"}""")).Fault;

        Assert.StartsWith("spec.template.podOverrides.tolerations", fault.Path, StringComparison.Ordinal);
    }

    private static PodSpec Merged(string overrides) => A.JobOf(A.WithOverrides(overrides)).Spec.Template.Spec;
}
