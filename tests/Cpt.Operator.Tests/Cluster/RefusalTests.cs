using System.Text;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.StandIn;

namespace Cpt.Operator.Tests.Cluster;

[Trait("Category", "Cluster")]
public sealed class RefusalTests(Clusters clusters)
{
    private const string Secret = "c2VjcmV0LWtleS1vZi10aGUtYWNjb3VudC0xMjM0NTY3OA==";

    [Theory]
    [InlineData("""{"nodeSelector":{"pool":7}}""", "spec.template.podOverrides", "not what a pod has there")]
    [InlineData("""{"nodeSelektor":{"pool":"a100"}}""", "spec.template.podOverrides", "does not know")]
    [InlineData("""{"priorityClassName":"Not A Name"}""", "spec.template.podOverrides", "Not A Name")]
    [InlineData("""{"containers":[{"name":"sidecar"}]}""", "spec.template.podOverrides", "image")]
    [InlineData("""{"restartPolicy":"Always"}""", "spec.template.podOverrides.restartPolicy", "may not be overridden")]
    public async Task AnOverrideThatBreaksThePodIsRefusedByItsFieldBeforeAnythingStarts(string overrides, string path, string words)
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Template = new WorkloadTemplate { PodOverrides = A.Json(overrides) } }));

        var status = await world.WaitForAsync(Reasons.InvalidSpec);

        var accepted = status.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted);
        Assert.Equal(ConditionStatus.False, accepted.Status);
        Assert.StartsWith(path, accepted.Message, StringComparison.Ordinal);
        Assert.Contains(words, accepted.Message, StringComparison.Ordinal);
        Assert.Empty(await world.JobsAsync());
    }

    [Fact]
    public async Task AMendedOverrideIsTakenUp()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Template = new WorkloadTemplate { PodOverrides = A.Json("""{"priorityClassName":"Not A Name"}""") } }));
        await world.WaitForAsync(Reasons.InvalidSpec);

        await world.PatchAsync("""{"spec":{"template":{"podOverrides":{"priorityClassName":null,"nodeSelector":{"pool":"a100"}}}}}""");
        await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.All(await world.JobsAsync(), job => Assert.Equal("a100", job.Spec.Template.Spec.NodeSelector!["pool"]));
    }

    [Fact]
    public async Task ResourcesThatTheServerRefusesAreNamedAsSuch()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Template = new WorkloadTemplate { Resources = A.Json("""{"limits":{"cpu":"1"},"requests":{"cpu":"2"}}""") } }));

        var status = await world.WaitForAsync(Reasons.InvalidSpec);

        Assert.StartsWith("spec.template.resources", status.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SeveralNodesMakeAnIndexedJobOrAreRefusedWhereThereIsNone()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Template = new WorkloadTemplate { Nodes = 2 } }));

        if ((await world.Client.GetVersionAsync()).IsAtLeast(22))
        {
            await world.WaitForAsync(Reasons.AllStagesFinished);
            Assert.Equal("Indexed", Assert.Single(await world.JobsAsync()).Spec.CompletionMode);
            Assert.Equal("None", (await world.Client.GetAsync<Service>("demo-peers", world.Namespace)).Spec.ClusterIP);
            return;
        }

        var status = await world.WaitForAsync(Reasons.InvalidSpec);
        var accepted = status.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted);
        Assert.StartsWith("spec.template.nodes: 2 needs Indexed Jobs", accepted.Message, StringComparison.Ordinal);
        Assert.Empty(await world.JobsAsync());
    }

    [Fact]
    public async Task AQueuedRunIsCreatedSuspendedOrRefusedWhereJobsCannotBe()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Queue = new QueueReference { Name = "gpu" } }));

        if (!(await world.Client.GetVersionAsync()).IsAtLeast(22))
        {
            var refused = await world.WaitForAsync(Reasons.InvalidSpec);
            Assert.StartsWith("spec.queue: \"gpu\" needs Jobs that can be created suspended", refused.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted).Message, StringComparison.Ordinal);
            Assert.Empty(await world.JobsAsync());
            return;
        }

        await world.WaitForAsync(Reasons.Queued);
        var job = Assert.Single(await world.JobsAsync());
        Assert.Equal((true, "gpu"), (job.Spec.Suspend, job.Metadata.Labels![Labels.Queue]));

        await world.Client.PatchAsync<Job>(job.Metadata.Name!, world.Namespace, Patch.Merge(A.Json("""{"spec":{"suspend":false}}""")));
        await world.WaitForAsync(Reasons.AllStagesFinished);
    }

    [Fact]
    public async Task AJobThatItsQueueTakesBackCountsAsTakenAway()
    {
        await using var world = await clusters.OpenAsync(new Scenario().On("parity", 1, new AttemptScript { Ending = new Ending.Never() }));
        Assert.SkipUnless((await world.Client.GetVersionAsync()).IsAtLeast(22), "this server's Jobs cannot be suspended");
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Stages = [A.Stage("parity")], Queue = new QueueReference { Name = "gpu" } }));
        await world.WaitForAsync(Reasons.Queued);
        await SuspendAsync("demo-parity-a1", "false");
        await world.WaitForAsync(Reasons.Running);

        await SuspendAsync("demo-parity-a1", "true");
        await world.WaitForAsync(now => now.Reason == Reasons.Queued && now.Stages[0].Attempts == 2);
        await SuspendAsync("demo-parity-a2", "false");
        var status = await world.WaitForAsync(Reasons.AllStagesFinished);

        Assert.Equal((2, 0, 1), (status.Stages[0].Attempts, status.Stages[0].Retries, status.Stages[0].Preemptions));

        Task SuspendAsync(string name, string value) => world.Client.PatchAsync<Job>(name, world.Namespace, Patch.Merge(A.Json("{\"spec\":{\"suspend\":" + value + "}}")));
    }

    [Fact]
    public async Task FilesOfOneMachineAndClaimsNobodyMountedAreRefusedByTheirFields()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(Bad(world));

        var status = await world.WaitForAsync(Reasons.InvalidSpec, "bad");

        var message = status.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted).Message;
        Assert.Contains("spec.baseModel.uri: \"file:///models/x\"", message, StringComparison.Ordinal);
        Assert.Contains("spec.storage.uri: the operator has not mounted claim \"elsewhere\"", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoValueOfASecretStandsAnywhereInTheCluster()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.Client.CreateAsync(new Secret
        {
            Metadata = new() { Name = "storage", Namespace = world.Namespace },
            StringData = new(StringComparer.Ordinal)
            {
                // Nobody listens there: what the failure says is what could leak.
                ["AZURE_STORAGE_CONNECTION_STRING"] = $"DefaultEndpointsProtocol=http;AccountName=cptstore;AccountKey={Secret};BlobEndpoint=http://127.0.0.1:9/cptstore",
            },
        });
        await world.CreateAsync(world.Run(spec => spec with { Storage = new StorageSettings { Uri = "azblob://checkpoints/demo", SecretRef = new SecretReference { Name = "storage" } } }));

        var status = await world.WaitForAsync(Reasons.WaitingForStorage);
        Assert.Equal(ConditionStatus.False, status.Conditions.Single(condition => condition.Type == ConditionTypes.StorageReady).Status);
        await Eventually.ThatAsync(async () => (await world.EventsAsync()).Count > 0);

        var everything = new StringBuilder();
        foreach (var path in (string[])[$"/apis/cpt.dev/v1alpha1/namespaces/{world.Namespace}/continualruns", $"/apis/batch/v1/namespaces/{world.Namespace}/jobs", $"/api/v1/namespaces/{world.Namespace}/events"])
        {
            everything.Append((await world.Client.RawAsync(HttpMethod.Get, path))!.ToJsonString());
        }

        Assert.DoesNotContain(Secret, everything.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(Secret[..20], everything.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AMissingSecretIsNamedAndFoundOnceItIsThere()
    {
        await using var world = await clusters.OpenAsync();
        await world.StartOperatorAsync();
        await world.CreateAsync(world.Run(spec => spec with { Storage = spec.Storage with { SecretRef = new SecretReference { Name = "later" } } }));

        var waiting = await world.WaitForAsync(Reasons.WaitingForStorage);
        Assert.Contains("Secret \"later\" does not exist", waiting.Message, StringComparison.Ordinal);

        await world.Client.CreateAsync(new Secret { Metadata = new() { Name = "later", Namespace = world.Namespace } });
        await world.WaitForAsync(Reasons.AllStagesFinished);
    }

    private static ContinualRun Bad(ClusterWorld world)
    {
        var run = world.Run(spec => spec with { Storage = new StorageSettings { Uri = "pvc://elsewhere/demo" } }, "bad");
        return run with { Spec = run.Spec with { BaseModel = new BaseModelSettings { Uri = "file:///models/x" } } };
    }
}
