using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Operator;
using Cpt.Operator.Tests;

namespace Cpt.Chart.Tests.Security;

/// <summary>Namespaces may enforce the profile <i>restricted</i> for the operator and for every run, whatever values and fields say.</summary>
public sealed class PodSecurityTests
{
    [Theory]
    [InlineData]
    [InlineData("watchNamespace=ml", "volumes[0].claim=models", "volumes[0].readOnly=true")]
    [InlineData("podSecurityContext.runAsUser=null", "podSecurityContext.runAsGroup=null", "podSecurityContext.fsGroup=null")]
    [InlineData("extraEnv[0].name=X", "extraEnv[0].value=y", "cache.sizeLimit=1Gi", "replicaCount=1")]
    public async Task TheOperatorsPodIsRestricted(params string[] values) => Assert.Empty(RestrictedPods.Violations((await Rendered.ByAsync(values)).Pod));

    /// <summary>More than the profile asks.</summary>
    [Fact]
    public async Task TheOperatorsRootFileSystemIsOnlyRead() => Assert.True((bool)(await Rendered.ByAsync()).Container["securityContext"]!["readOnlyRootFilesystem"]!);

    [Fact]
    public async Task WhatADevelopersClusterHasBesideTheOperatorIsRestrictedToo()
    {
        var addons = Path.Combine(Repository.Root, "eng", "cluster", "addons");
        Assert.SkipUnless(Directory.Exists(addons), "there are no add-ons in this checkout");
        var pods = 0;
        foreach (var file in Directory.EnumerateFiles(addons, "*.yaml"))
        {
            foreach (var item in Yaml.Documents(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Where(item => item["spec"]?["template"]?["spec"] is not null))
            {
                Assert.Empty(RestrictedPods.Violations(item["spec"]!["template"]!.AsObject()));
                pods++;
            }
        }

        Assert.NotEqual(0, pods);
    }

    public static TheoryData<string> Runs => [.. s_runs.Keys];

    [Theory]
    [MemberData(nameof(Runs))]
    public void ATrainersPodIsRestricted(string run)
    {
        var template = A.JobOf(s_runs[run]).Spec.Template;
        var pod = new JsonObject
        {
            ["metadata"] = new JsonObject { ["annotations"] = new JsonObject(template.Metadata!.Annotations!.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value))) },
            ["spec"] = JsonSerializer.SerializeToNode(template.Spec, OperatorJson.Default.PodSpec),
        };

        Assert.Empty(RestrictedPods.Violations(pod));
        Assert.False((bool)pod["spec"]!["automountServiceAccountToken"]!);
        Assert.True((bool)pod["spec"]!["containers"]![0]!["securityContext"]!["readOnlyRootFilesystem"]!);
    }

    private static readonly Dictionary<string, ContinualRun> s_runs = new(StringComparer.Ordinal)
    {
        ["a plain run"] = A.Run(),
        ["a run with a Secret"] = A.Run(spec => spec with { Storage = new StorageSettings { Uri = "azblob://checkpoints/demo", SecretRef = new SecretReference { Name = "storage" } } }),
        ["a run with a workload identity"] = A.Run(spec => spec with { Storage = new StorageSettings { Uri = "azblob://checkpoints/demo" } }),
        ["a run with claims for all"] = A.Run(spec => spec with { BaseModel = new BaseModelSettings { Uri = "pvc://models/base" } }),
        ["a run on several nodes"] = A.WithTemplate(new WorkloadTemplate { Nodes = 2, ProcessesPerNode = 8, Resources = A.Json("""{"limits":{"nvidia.com/gpu":"8"}}""") }),
        ["a run with its own account and time"] = A.WithTemplate(new WorkloadTemplate { ServiceAccountName = "mine", TerminationGracePeriodSeconds = 600, Image = "registry.example/mine:2" }),
        ["a run with overrides of its place"] = A.WithOverrides("""{"nodeSelector":{"pool":"a100"},"tolerations":[{"key":"gpu","operator":"Exists"}],"volumes":[{"name":"shm","emptyDir":{"medium":"Memory"}}],"containers":[{"name":"trainer","volumeMounts":[{"name":"shm","mountPath":"/dev/shm"}]}]}"""),
        ["a run of a queue"] = A.Run(spec => spec with { Queue = new QueueReference { Name = "gpu" } }),
    };
}
