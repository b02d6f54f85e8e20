using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

/// <summary>A program that is older than a kind changes its objects without harm to what it does not know.</summary>
[Trait("Category", "Cluster")]
public sealed class UnknownFieldTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";
    private string _path = "";

    private KubernetesClient Client => server.Client;

    public async ValueTask InitializeAsync()
    {
        _namespace = await server.StartAsync();
        _path = $"/apis/test.cpt.dev/v1/namespaces/{_namespace}/widgets";
        await Client.RawAsync(HttpMethod.Post, _path, JsonNode.Parse("""
            {"apiVersion": "test.cpt.dev/v1", "kind": "Widget", "metadata": {"name": "w", "labels": {"a": "1"}},
             "spec": {"color": "red", "size": "XL", "parts": [{"name": "p", "weight": 1, "note": "keep me"}]}}
            """));
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task APatchBetweenTwoStatesLeavesUnknownFieldsAlone()
    {
        var before = await Client.GetAsync<Widget>("w", _namespace);
        var after = before with { Spec = before.Spec with { Color = "blue" }, Metadata = before.Metadata with { Labels = new() { ["b"] = "2" } } };
        await Client.PatchAsync<Widget>("w", _namespace, Patch.Between(before, after, Client.JsonTypeOf<Widget>())!);

        var stored = await Client.RawAsync(HttpMethod.Get, _path + "/w");
        Assert.Equal("""{"color":"blue","parts":[{"name":"p","note":"keep me","weight":1}],"size":"XL"}""", stored!["spec"]!.ToJsonString());
        Assert.Equal("""{"b":"2"}""", stored["metadata"]!["labels"]!.ToJsonString());
    }

    [Fact]
    public async Task AListThatIsWrittenAnewKeepsTheUnknownFieldsOfItsItems()
    {
        var before = await Client.GetAsync<Widget>("w", _namespace);
        var after = before with { Spec = before.Spec with { Parts = [before.Spec.Parts![0] with { Weight = 2 }, new() { Name = "q" }] } };
        await Client.PatchAsync<Widget>("w", _namespace, Patch.Between(before, after, Client.JsonTypeOf<Widget>())!);

        var stored = await Client.RawAsync(HttpMethod.Get, _path + "/w");
        Assert.Equal("""[{"name":"p","note":"keep me","weight":2},{"name":"q"}]""", stored!["spec"]!["parts"]!.ToJsonString());
    }

    [Fact]
    public async Task AStaleStateIsAConflictWhenThePatchIsTiedToIt()
    {
        var before = await Client.GetAsync<Widget>("w", _namespace);
        await Client.PatchAsync<Widget>("w", _namespace, Patch.Set("spec", new JsonObject { ["replicas"] = 3 }));
        var patch = Patch.Between(before, before with { Spec = before.Spec with { Color = "blue" } }, Client.JsonTypeOf<Widget>(), onlyIfUnchanged: true)!;

        var refused = await Assert.ThrowsAsync<KubernetesException>(() => Client.PatchAsync<Widget>("w", _namespace, patch));

        Assert.True(refused.IsConflict);
        Assert.Equal(StatusReason.Conflict, refused.Reason);
        Assert.Equal("red", (await Client.GetAsync<Widget>("w", _namespace)).Spec.Color);
    }

    [Fact]
    public async Task ADeletionOfAnotherObjectOfTheSameNameIsAConflict()
    {
        var old = await Client.GetAsync<Widget>("w", _namespace);
        await Client.DeleteAsync<Widget>("w", _namespace, new() { Uid = old.Metadata.Uid });
        var current = await Client.CreateAsync(Widget.Named("w", _namespace));

        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => Client.DeleteAsync<Widget>("w", _namespace, new() { Uid = old.Metadata.Uid }))).IsConflict);
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(
            () => Client.DeleteAsync<Widget>("w", _namespace, new() { ResourceVersion = old.Metadata.ResourceVersion }))).IsConflict);
        Assert.Equal(current.Metadata.Uid, (await Client.GetAsync<Widget>("w", _namespace)).Metadata.Uid);
    }

    [Fact]
    public async Task APodsFieldsThatHaveNoNameHereAreReadAndWrittenBack()
    {
        var job = await Client.CreateAsync(new Job
        {
            Metadata = new() { Name = "j", Namespace = _namespace },
            Spec = new()
            {
                BackoffLimit = 0,
                Template = new()
                {
                    Spec = new()
                    {
                        RestartPolicy = "Never",
                        Containers = [new() { Name = "main", Image = "image", Other = new() { ["livenessProbe"] = Json("""{"httpGet":{"path":"/healthz","port":9400}}""") } }],
                        Other = new() { ["topologySpreadConstraints"] = Json("""[{"maxSkew":1,"topologyKey":"zone","whenUnsatisfiable":"DoNotSchedule"}]""") },
                    },
                },
            },
        });

        Assert.Equal("ClusterFirst", job.Spec.Template.Spec.Other!["dnsPolicy"].GetString());
        Assert.Equal("zone", job.Spec.Template.Spec.Other["topologySpreadConstraints"][0].GetProperty("topologyKey").GetString());
        Assert.Equal(9400, job.Spec.Template.Spec.Containers[0].Other!["livenessProbe"].GetProperty("httpGet").GetProperty("port").GetInt32());
    }

    private static System.Text.Json.JsonElement Json(string text) => System.Text.Json.JsonDocument.Parse(text).RootElement;
}
