using Cpt.Api;
using Cpt.Operator.Lookups;
using Cpt.Operator.Runs;

namespace Cpt.Operator.Tests.Lookups;

public sealed class CredentialTests
{
    private const string Key = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudA==";

    [Theory]
    [InlineData($"DefaultEndpointsProtocol=https;AccountName=store;AccountKey={Key};EndpointSuffix=core.windows.net")]
    [InlineData($"AccountKey={Key}")]
    [InlineData(Key)]
    public void NoValueOfASecretAndNoPartOfOneIsLeftInAMessage(string value)
    {
        var credentials = new RunCredentials("1", new Dictionary<string, string>(StringComparer.Ordinal) { ["AZURE_STORAGE_CONNECTION_STRING"] = value });

        var told = credentials.Redact($"the account refused \"{value}\"; its key is {Key}");

        Assert.DoesNotContain(Key, told, StringComparison.Ordinal);
        Assert.StartsWith("the account refused", told, StringComparison.Ordinal);
    }

    [Fact]
    public void ASignatureInAUrlIsNotShown()
    {
        var credentials = new RunCredentials("1", new Dictionary<string, string>(StringComparer.Ordinal) { ["AZURE_STORAGE_SAS_TOKEN"] = "sv=2024-01-01&sp=rwd&sig=abcdefghij%2Fklm" });

        Assert.DoesNotContain("abcdefghij", credentials.Redact("GET https://store/x?sig=abcdefghij%2Fklm failed"), StringComparison.Ordinal);
    }

    [Fact]
    public void AClaimIsFoundInItsNamespaceBeforeTheCommonPlace()
    {
        var volumes = Directory.CreateTempSubdirectory("cpt-volumes-");
        try
        {
            Directory.CreateDirectory(Path.Combine(volumes.FullName, "data"));
            Directory.CreateDirectory(Path.Combine(volumes.FullName, "ml", "data"));
            var found = new ClusterVolumes(volumes.FullName);

            Assert.Equal(Path.Combine(volumes.FullName, "ml"), found.DirectoryFor("ml", "data"));
            Assert.Equal(volumes.FullName, found.DirectoryFor("other", "data"));
            Assert.Null(found.DirectoryFor("ml", "checkpoints"));
            Assert.Null(new ClusterVolumes(null).DirectoryFor("ml", "data"));
        }
        finally
        {
            volumes.Delete(recursive: true);
        }
    }

    [Fact]
    public void WhatAClusterCannotReachIsRefusedByItsField()
    {
        var run = A.Run(spec => spec with
        {
            BaseModel = new BaseModelSettings { Uri = "file:///models/qwen" },
            Stages = [A.Stage("parity", stage => stage with { Task = new StageTask { Uri = "file://./parity" } }), A.Stage("half", stage => stage with { Task = new StageTask { Uri = "pvc://data/half" } })],
            Evaluation = new EvaluationSettings { Benchmarks = [new Benchmark { Name = "general", Uri = "file:///bench" }] },
        });

        var errors = new ClusterRules(new(null, null), new ClusterVolumes(null)).Check(run);

        Assert.Equal(
            ["spec.baseModel.uri", "spec.stages[0].task.uri", "spec.evaluation.benchmarks[0].uri", "spec.storage.uri", "spec.stages[1].task.uri", "spec.template.image"],
            errors.Select(error => error.Path));
        Assert.All(errors.Take(3), error => Assert.Contains("use azblob:// or pvc://", error.Message, StringComparison.Ordinal));
        Assert.Contains("has not mounted claim \"checkpoints\"", errors[3].Message, StringComparison.Ordinal);
        Assert.Contains("--trainer-image", errors[5].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HostNamesOfSeveralNodesMustFitTheirLimit()
    {
        var run = A.Run(spec => spec with { Template = new WorkloadTemplate { Nodes = 100 }, Storage = new StorageSettings { Uri = "azblob://c/x" }, Stages = [A.Stage(new string('s', 53))] });

        var error = Assert.Single(new ClusterRules(A.Trainer, new ClusterVolumes(null)).Check(run));
        Assert.Equal("spec.stages[0].name", error.Path);
        Assert.Contains("at most 63", error.Message, StringComparison.Ordinal);
    }
}
