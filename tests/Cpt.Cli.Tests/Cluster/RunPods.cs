using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Kubernetes;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>The pods of a run named demo, as the Job controller and the kubelet would make and move them.</summary>
internal sealed class RunPods(ApiServer server, string @namespace, string node)
{
    public static string Name(string stage, int attempt) => $"demo-{stage}-a{attempt}";

    public async Task<string> CreateAsync(string stage, int attempt, string phase, bool scheduled = true)
    {
        var name = Name(stage, attempt);
        await server.Client.CreateAsync(new Pod
        {
            Metadata = new()
            {
                Name = name,
                Namespace = @namespace,
                Labels = new() { [Labels.Run] = "demo", [Labels.Stage] = stage, [Labels.StageIndex] = stage == "parity" ? "0" : "1", [Labels.Attempt] = attempt.ToString(CultureInfo.InvariantCulture) },
            },
            Spec = new() { NodeName = scheduled ? node : null, RestartPolicy = "Never", Containers = [new() { Name = "trainer", Image = "image" }, new() { Name = "sidecar", Image = "image" }] },
        });
        await (phase switch { "Running" => RunningAsync(name), "Pending" => Task.CompletedTask, _ => EndAsync(name, phase) });
        return name;
    }

    public Task RunningAsync(string pod) => StateAsync(pod, new JsonObject { ["running"] = new JsonObject() }, "Running");

    public Task EndAsync(string pod, string phase) => StateAsync(pod, new JsonObject { ["terminated"] = new JsonObject { ["exitCode"] = phase == "Succeeded" ? 0 : 1 } }, phase);

    public Task StateAsync(string pod, JsonObject state, string phase = "Pending") => server.Client.PatchStatusAsync<Pod>(pod, @namespace, Patch.Set("status", new JsonObject
    {
        ["phase"] = phase,
        ["containerStatuses"] = new JsonArray(new JsonObject { ["name"] = "trainer", ["ready"] = true, ["restartCount"] = 0, ["image"] = "image", ["imageID"] = "", ["state"] = state }),
    }));
}
