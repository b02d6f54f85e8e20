using System.Text.Json.Nodes;

namespace Cpt.Chart.Tests.Security;

/// <summary>The judge itself: each control refuses what it is there for, and a good pod passes.</summary>
public sealed class RestrictedPodsTests
{
    private const string Good = """
        {
          "securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
          "initContainers": [{"name": "first", "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}}],
          "containers": [{"name": "main", "ports": [{"containerPort": 8080}], "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE"]}}}],
          "volumes": [{"name": "tmp", "emptyDir": {}}, {"name": "claim", "persistentVolumeClaim": {"claimName": "x"}}, {"name": "token", "projected": {}}, {"name": "stage", "downwardAPI": {}}]
        }
        """;

    [Fact]
    public void AGoodPodPasses() => Assert.Empty(RestrictedPods.Violations(Pod()));

    [Fact]
    public void WhatThePodSaysMayBeSaidByItsContainersInstead()
    {
        var pod = Pod("/spec/securityContext", "null");
        foreach (var container in pod["spec"]!["containers"]!.AsArray().Concat(pod["spec"]!["initContainers"]!.AsArray()))
        {
            container!["securityContext"]!["runAsNonRoot"] = true;
            container["securityContext"]!["seccompProfile"] = new JsonObject { ["type"] = "Localhost" };
        }

        Assert.Empty(RestrictedPods.Violations(pod));
    }

    [Theory]
    [InlineData("HostProcess", "/spec/securityContext/windowsOptions", """{"hostProcess": true}""")]
    [InlineData("HostProcess", "/spec/containers/0/securityContext/windowsOptions", """{"hostProcess": true}""")]
    [InlineData("Host Namespaces", "/spec/hostNetwork", "true")]
    [InlineData("Host Namespaces", "/spec/hostPID", "true")]
    [InlineData("Host Namespaces", "/spec/hostIPC", "true")]
    [InlineData("Privileged Containers", "/spec/initContainers/0/securityContext/privileged", "true")]
    [InlineData("Capabilities (baseline)", "/spec/containers/0/securityContext/capabilities/add", """["SYS_ADMIN"]""")]
    [InlineData("HostPath Volumes", "/spec/volumes/0", """{"name": "tmp", "hostPath": {"path": "/"}}""")]
    [InlineData("Host Ports", "/spec/containers/0/ports/0/hostPort", "8080")]
    [InlineData("Host Probes / Lifecycle Hooks", "/spec/containers/0/livenessProbe", """{"httpGet": {"host": "10.0.0.1", "port": 80}}""")]
    [InlineData("Host Probes / Lifecycle Hooks", "/spec/containers/0/lifecycle", """{"preStop": {"tcpSocket": {"host": "10.0.0.1", "port": 80}}}""")]
    [InlineData("AppArmor", "/metadata/annotations", """{"container.apparmor.security.beta.kubernetes.io/main": "unconfined"}""")]
    [InlineData("AppArmor", "/spec/containers/0/securityContext/appArmorProfile", """{"type": "Unconfined"}""")]
    [InlineData("SELinux", "/spec/securityContext/seLinuxOptions", """{"type": "spc_t"}""")]
    [InlineData("SELinux", "/spec/containers/0/securityContext/seLinuxOptions", """{"user": "system_u"}""")]
    [InlineData("/proc Mount Type", "/spec/containers/0/securityContext/procMount", "\"Unmasked\"")]
    [InlineData("Seccomp (baseline)", "/spec/containers/0/securityContext/seccompProfile", """{"type": "Unconfined"}""")]
    [InlineData("Sysctls", "/spec/securityContext/sysctls", """[{"name": "kernel.msgmax", "value": "1"}]""")]
    [InlineData("Volume Types", "/spec/volumes/0", """{"name": "tmp", "nfs": {"server": "x", "path": "/"}}""")]
    [InlineData("Privilege Escalation", "/spec/containers/0/securityContext/allowPrivilegeEscalation", "true")]
    [InlineData("Privilege Escalation", "/spec/initContainers/0/securityContext/allowPrivilegeEscalation", "null")]
    [InlineData("Running as Non-root", "/spec/securityContext/runAsNonRoot", "false")]
    [InlineData("Running as Non-root", "/spec/securityContext/runAsNonRoot", "null")]
    [InlineData("Running as Non-root", "/spec/containers/0/securityContext/runAsNonRoot", "false")]
    [InlineData("Running as Non-root user", "/spec/containers/0/securityContext/runAsUser", "0")]
    [InlineData("Running as Non-root user", "/spec/securityContext/runAsUser", "0")]
    [InlineData("Seccomp", "/spec/securityContext/seccompProfile", "null")]
    [InlineData("Capabilities", "/spec/containers/0/securityContext/capabilities/drop", """["NET_RAW"]""")]
    [InlineData("Capabilities", "/spec/containers/0/securityContext/capabilities", "null")]
    [InlineData("Capabilities", "/spec/containers/0/securityContext/capabilities/add", """["CHOWN"]""")]
    [InlineData("Capabilities", "/spec/ephemeralContainers", """[{"name": "debug"}]""")]
    public void WhatAControlForbidsIsRefusedByIt(string control, string path, string value) =>
        Assert.Contains(RestrictedPods.Violations(Pod(path, value)), violation => violation.StartsWith(control + ": ", StringComparison.Ordinal));

    private static JsonObject Pod(string? path = null, string value = "")
    {
        JsonNode pod = new JsonObject { ["metadata"] = new JsonObject(), ["spec"] = JsonNode.Parse(Good) };
        if (path is null)
        {
            return pod.AsObject();
        }

        var steps = path.Split('/', StringSplitOptions.RemoveEmptyEntries);
        var at = steps[..^1].Aggregate(pod, (node, step) => int.TryParse(step, out var index) ? node[index]! : node[step]!);
        if (at is JsonArray list)
        {
            list[int.Parse(steps[^1], System.Globalization.CultureInfo.InvariantCulture)] = JsonNode.Parse(value);
        }
        else
        {
            at[steps[^1]] = JsonNode.Parse(value);
        }

        return pod.AsObject();
    }
}
