using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// The node that pods are bound to. Only a real kube-controller-manager cares: it removes pods whose node is not there or has fallen silent.
/// </summary>
internal static class NodeRecord
{
    private const string Nodes = "/api/v1/nodes";
    private static readonly TimeSpan s_beat = TimeSpan.FromSeconds(10);

    public static async Task KeepAsync(KubernetesClient client, StandInOptions options, CancellationToken cancellation)
    {
        await CreateAsync(client, options, cancellation);
        while (true)
        {
            await Task.Delay(s_beat, options.Time, cancellation);
            var now = options.Time.GetUtcNow().UtcDateTime;
            var patch = new JsonObject { ["spec"] = new JsonObject { ["renewTime"] = now.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture) } };
            try
            {
                await client.PatchAsync<Lease>(options.Node, "kube-node-lease", Patch.Merge(patch), cancellation: cancellation);
            }
            catch (KubernetesException error)
            {
                options.OnTrouble($"node {options.Node}: {error.Message}");
            }
        }
    }

    private static async Task CreateAsync(KubernetesClient client, StandInOptions options, CancellationToken cancellation)
    {
        await OnceAsync(() => client.RawAsync(HttpMethod.Post, Nodes, new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Node",
            ["metadata"] = new JsonObject { ["name"] = options.Node },
        }, cancellation));
        await OnceAsync(() => client.CreateAsync(new Lease
        {
            Metadata = new() { Name = options.Node, Namespace = "kube-node-lease" },
            Spec = new() { HolderIdentity = options.Node, LeaseDurationSeconds = 40, RenewTime = options.Time.GetUtcNow() },
        }, cancellation: cancellation));
        var node = (await client.RawAsync(HttpMethod.Get, $"{Nodes}/{options.Node}", cancellation: cancellation))!;
        var now = options.Time.GetUtcNow().UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        node["status"] = new JsonObject
        {
            ["capacity"] = new JsonObject { ["cpu"] = "1000", ["memory"] = "1000Gi", ["pods"] = "100000" },
            ["allocatable"] = new JsonObject { ["cpu"] = "1000", ["memory"] = "1000Gi", ["pods"] = "100000" },
            ["conditions"] = new JsonArray(new JsonObject
            {
                ["type"] = "Ready",
                ["status"] = "True",
                ["reason"] = "KubeletReady",
                ["message"] = "played by the stand-in",
                ["lastHeartbeatTime"] = now,
                ["lastTransitionTime"] = now,
            }),
        };
        await client.RawAsync(HttpMethod.Put, $"{Nodes}/{options.Node}/status", node, cancellation);
    }

    private static async Task OnceAsync(Func<Task> create)
    {
        try
        {
            await create();
        }
        catch (KubernetesException error) when (error.IsAlreadyExists)
        {
            // An earlier stand-in's.
        }
    }
}
