using System.Text.Json.Nodes;
using Cpt.Cluster.Tests;
using Cpt.Tests.Cluster;

[assembly: AssemblyFixture(typeof(Node))]

namespace Cpt.Cluster.Tests;

/// <summary>One cluster for the tests that only use one. Started by the first that asks.</summary>
public sealed class Node : IAsyncLifetime
{
    private readonly Lazy<Task<NodeCluster>> _cluster = new(() => NodeCluster.UpAsync());

    public async Task<NodeCluster> ClusterAsync()
    {
        Skip();
        return await _cluster.Value;
    }

    /// <summary>Ends the test as skipped where the machine can have no node, with the true reason.</summary>
    public static void Skip() => Assert.SkipUnless(NodeCluster.WhyNot is null, NodeCluster.WhyNot ?? "");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_cluster is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _cluster.Value).DisposeAsync();
        }
    }
}

/// <summary>Pods as tests write and read them.</summary>
internal static class Pods
{
    /// <summary>A pod of one container that runs a line of shell in the image that every node has.</summary>
    public static string Running(string name, string shell, string limits = "", string restart = "Never") => $$"""
        apiVersion: v1
        kind: Pod
        metadata:
          name: {{name}}
          labels: { app: {{name}} }
        spec:
          restartPolicy: {{restart}}
          terminationGracePeriodSeconds: 1
          containers:
          - name: main
            image: localhost/busybox:1
            imagePullPolicy: IfNotPresent
            command: [sh, -c, '{{shell}}']
            resources:
              limits: { {{limits}} }
        ---

        """;

    /// <returns>Null once it is gone.</returns>
    public static async Task<JsonNode?> ReadAsync(this NodeCluster cluster, string name)
    {
        var (exitCode, output, error) = await cluster.Kubectl.RunAsync("get", "pod", name, "--ignore-not-found", "-o", "json");
        Assert.True(exitCode == 0, error);
        return output.Trim().Length == 0 ? null : JsonNode.Parse(output);
    }

    public static async Task<string?> PhaseAsync(this NodeCluster cluster, string name) => (string?)(await cluster.ReadAsync(name))?["status"]?["phase"];

    public static async Task UntilAsync(this NodeCluster cluster, string name, string phase) => await Eventually.ThatAsync(async () => await cluster.PhaseAsync(name) == phase);

    public static JsonNode Container(this JsonNode pod) => pod["status"]!["containerStatuses"]![0]!;
}
