using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>Patches of a pod's status, as kubelet and scheduler write it.</summary>
internal static class PodStatuses
{
    public static Patch Unschedulable(DateTimeOffset now) => Patch.Set("status", new JsonObject
    {
        ["phase"] = "Pending",
        ["conditions"] = new JsonArray(Condition("PodScheduled", "False", now, "Unschedulable", "0/1 nodes are available: 1 Insufficient nvidia.com/gpu.")),
    });

    public static Patch Waiting(Pod pod, string address, string reason, string message, DateTimeOffset now) => Patch.Set("status", new JsonObject
    {
        ["phase"] = "Pending",
        ["podIP"] = address,
        ["startTime"] = Text(now),
        ["conditions"] = new JsonArray(
            Condition("PodScheduled", "True", now), Condition("Initialized", "True", now),
            Condition("Ready", "False", now, "ContainersNotReady"), Condition("ContainersReady", "False", now, "ContainersNotReady")),
        ["containerStatuses"] = Containers(pod, ready: false, () => new() { ["waiting"] = new JsonObject { ["reason"] = reason, ["message"] = message } }),
    });

    public static Patch Running(Pod pod, string address, DateTimeOffset now) => Patch.Set("status", new JsonObject
    {
        ["phase"] = "Running",
        ["podIP"] = address,
        ["startTime"] = Text(now),
        ["conditions"] = new JsonArray(
            Condition("PodScheduled", "True", now), Condition("Initialized", "True", now), Condition("Ready", "True", now), Condition("ContainersReady", "True", now)),
        ["containerStatuses"] = Containers(pod, ready: true, () => new() { ["running"] = new JsonObject { ["startedAt"] = Text(now) } }),
    });

    public static Patch Disrupted(Pod pod, string reason, string message, DateTimeOffset now) => Patch.Set("status", new JsonObject
    {
        ["conditions"] = new JsonArray([.. Kept(pod, "DisruptionTarget"), Condition("DisruptionTarget", "True", now, reason, message)]),
    });

    public static Patch Ended(Pod pod, PodEnd end, DateTimeOffset started, DateTimeOffset now)
    {
        var status = new JsonObject
        {
            ["phase"] = end.ExitCode == ExitCodes.Done ? "Succeeded" : "Failed",
            ["startTime"] = Text(started),
            ["reason"] = end.PodReason,
            ["message"] = end.PodMessage,
            ["conditions"] = new JsonArray(
            [
                Condition("PodScheduled", "True", now), Condition("Initialized", "True", now),
                Condition("Ready", "False", now, "PodCompleted"), Condition("ContainersReady", "False", now, "PodCompleted"),
                .. end.Disruption is { } reason ? [Condition("DisruptionTarget", "True", now, reason, "The stand-in's scenario says so.")] : Kept(pod, only: "DisruptionTarget"),
            ]),
            ["containerStatuses"] = Containers(pod, ready: false, () => new()
            {
                ["terminated"] = new JsonObject
                {
                    ["exitCode"] = end.ExitCode,
                    ["reason"] = end.ContainerReason,
                    ["message"] = end.Result is null ? null : JsonSerializer.Serialize(end.Result, ContractJson.Default.StageResult),
                    ["startedAt"] = Text(started),
                    ["finishedAt"] = Text(now),
                },
            }),
        };
        return Patch.Set("status", status);
    }

    private static JsonNode[] Kept(Pod pod, string? except = null, string? only = null) =>
    [
        .. (pod.Status?.Conditions ?? [])
            .Where(condition => condition.Type != except && (only is null || condition.Type == only))
            .Select(condition => JsonSerializer.SerializeToNode(condition, KubernetesJson.Default.Condition)!),
    ];

    private static JsonArray Containers(Pod pod, bool ready, Func<JsonObject> state) => new(
    [
        .. pod.Spec.Containers.Select(container => new JsonObject
        {
            ["name"] = container.Name,
            ["image"] = container.Image ?? "none",
            ["imageID"] = ready ? "stand-in://" + container.Image : "",
            ["ready"] = ready,
            ["started"] = ready,
            ["restartCount"] = 0,
            ["state"] = state(),
        }),
    ]);

    private static JsonObject Condition(string type, string status, DateTimeOffset now, string? reason = null, string? message = null)
    {
        var condition = new JsonObject { ["type"] = type, ["status"] = status, ["lastProbeTime"] = null, ["lastTransitionTime"] = Text(now) };
        if (reason is not null)
        {
            condition["reason"] = reason;
        }

        if (message is not null)
        {
            condition["message"] = message;
        }

        return condition;
    }

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
