using System.Text.Json;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.StandIn;
using Cpt.Tests.Cluster;

namespace Cpt.Operator.Tests.Cluster;

/// <summary>A server that knows the kind and no schema of it: whatever people write arrives.</summary>
[Trait("Category", "Cluster")]
public sealed class LooseServerTests
{
    private const string Definition = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"continualruns.cpt.dev"},
         "spec":{"group":"cpt.dev","scope":"Namespaced","names":{"plural":"continualruns","kind":"ContinualRun"},
                 "versions":[{"name":"v1alpha1","served":true,"storage":true,"subresources":{"status":{}},
                              "schema":{"openAPIV3Schema":{"type":"object","x-kubernetes-preserve-unknown-fields":true} } }]}}
        """;

    [Fact]
    public async Task ASpecThatCannotBeReadGetsAStatusWithItsFieldsAndStopsNobodyElse()
    {
        await using var cluster = await TestCluster.StartAsync(TestContext.Current.CancellationToken);
        using var client = cluster.CreateClient(new() { Json = [RunsJson.Default], FieldManager = "tests" });
        await client.CreateAsync(JsonSerializer.Deserialize(Definition, KubernetesJson.Default.CustomResourceDefinition)!);
        await Eventually.ThatAsync(async () => await client.HasAsync<RunObject>());
        var name = await TestCluster.CreateNamespaceAsync(client, TestContext.Current.CancellationToken);
        await using var world = await ClusterWorld.OpenAsync(cluster, client, name, new Scenario(), playsControllers: true);
        await world.StartOperatorAsync();

        await CreateAsync("odd", text => text.Replace("\"SFT\"", "\"DPO\"", StringComparison.Ordinal));
        await CreateAsync("empty", _ => """{"apiVersion":"cpt.dev/v1alpha1","kind":"ContinualRun","metadata":{"name":"empty"}}""");
        await CreateAsync("good", text => text);

        var odd = await world.WaitForAsync(Reasons.InvalidSpec, "odd");
        var empty = await world.WaitForAsync(Reasons.InvalidSpec, "empty");
        await world.WaitForAsync(Reasons.AllStagesFinished, "good");
        var accepted = odd.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted);
        Assert.Equal(ConditionStatus.False, accepted.Status);
        Assert.StartsWith("spec.stages[0].method", accepted.Message, StringComparison.Ordinal);
        Assert.Contains("spec", empty.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(await world.JobNamesAsync(), job => !job.StartsWith("good", StringComparison.Ordinal));

        // The mended one goes on, and the other can be deleted.
        await world.PatchAsync("""{"spec":{"stages":[{"name":"parity","method":"SFT","task":{"uri":"generated://digits/parity"}}]}}""", "odd");
        await world.WaitForAsync(Reasons.AllStagesFinished, "odd");
        await client.DeleteAsync<RunObject>("empty", name);
        await Eventually.ThatAsync(async () => await client.TryGetAsync<RunObject>("empty", name) is null);

        async Task CreateAsync(string run, Func<string, string> change)
        {
            var text = change(ManifestText(world, run));
            await client.RawAsync(HttpMethod.Post, $"/apis/cpt.dev/v1alpha1/namespaces/{name}/continualruns", System.Text.Json.Nodes.JsonNode.Parse(text));
        }
    }

    private static string ManifestText(ClusterWorld world, string name) => JsonSerializer.Serialize(
        RunObject.Of(world.Run(spec => spec with { Stages = [A.Stage("parity")] }, name)) with { ApiVersion = "cpt.dev/v1alpha1", Kind = "ContinualRun" }, RunsJson.Default.RunObject);
}
