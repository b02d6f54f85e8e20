using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Api.Tests.Schema;

/// <summary>The whole chain fits one object of the cluster: etcd takes 1.5 MB, and 10,000 runs must fit a cache.</summary>
[Trait("Category", "Cluster")]
public sealed class ObjectSizeTests(ApiServer server)
{
    private const int Limit = 100_000;

    [Theory]
    [InlineData("--server-side")]
    [InlineData("--server-side=false")]
    public async Task BesideKubectlsOwnCopyOfTheManifestARunOf64StagesWithAllRetriesUsedIsStoredInLessThan100Kilobytes(string how)
    {
        var @namespace = await server.StartAsync();
        var run = LongRun.Spec();
        Assert.Empty(RunValidator.Validate(run));
        await server.Kubectl.OutputAsync(["-n", @namespace, "apply", how, "-f", "-"], ManifestReader.Write(run));
        var status = JsonSerializer.SerializeToNode(LongRun.Status(run), ApiJson.Default.ContinualRunStatus)!;
        await server.Client.PatchStatusAsync<RunObject>(run.Metadata.Name, @namespace, Patch.Merge(new JsonObject { ["status"] = status }));

        var stored = await server.Client.RawAsync(HttpMethod.Get, $"/apis/cpt.dev/v1alpha1/namespaces/{@namespace}/continualruns/{run.Metadata.Name}");
        var sizes = stored!.AsObject().Concat(stored["metadata"]!.AsObject()).Concat(stored["status"]!.AsObject()).Select(part => (part.Key, Value: Size(part.Value)));
        Assert.True(JsonNode.DeepEquals(status["matrix"], stored["status"]!["matrix"]) && JsonNode.DeepEquals(status["stages"], stored["status"]!["stages"]), "nothing was pruned");
        // kubectl without --server-side keeps a whole second manifest in an annotation of its own.
        var copy = Size(stored["metadata"]!["annotations"]);
        Assert.True(Size(stored) - copy < Limit, $"{Size(stored)} bytes: {string.Join(", ", sizes.Where(part => part.Value > 1000).Select(part => $"{part.Key} {part.Value}"))}");
    }

    /// <summary>Escaped as the server escapes.</summary>
    private static int Size(JsonNode? node) => node is null ? 0 : Encoding.UTF8.GetByteCount(node.ToJsonString(new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));
}
