using System.Text.Json.Nodes;

namespace Cpt.Tests;

/// <summary>
/// The profile <i>restricted</i> of the Pod Security Standards (kubernetes.io/docs/concepts/security/pod-security-standards), control by control, in the order of that page. A server before 1.23 has
/// no admission that would judge a pod by it. Linux pods only: what the page lets pods of Windows do is refused here.
/// </summary>
internal static class RestrictedPods
{
    private static readonly string[] s_baselineCapabilities =
    [
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    ];

    private static readonly string[] s_sysctls =
    [
        "kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_unprivileged_port_start", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range",
        "net.ipv4.ip_local_reserved_ports", "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes",
    ];

    private static readonly string[] s_volumes = ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected", "secret"];

    /// <param name="pod">A Pod, or the template of one: <c>metadata</c> may be missing, <c>spec</c> may not.</param>
    /// <returns>What the profile forbids, each with control and field; empty for a pod that it admits.</returns>
    public static IReadOnlyList<string> Violations(JsonObject pod)
    {
        var spec = pod["spec"]!.AsObject();
        return
        [
            .. HostProcess(spec), .. HostNamespaces(spec), .. Privileged(spec), .. BaselineCapabilities(spec), .. HostPath(spec), .. HostPorts(spec), .. HostProbes(spec),
            .. AppArmor(pod, spec), .. SELinux(spec), .. ProcMount(spec), .. BaselineSeccomp(spec), .. Sysctls(spec),
            .. VolumeTypes(spec), .. PrivilegeEscalation(spec), .. RunningAsNonRoot(spec), .. RunningAsNonRootUser(spec), .. Seccomp(spec), .. Capabilities(spec),
        ];
    }

    private static IEnumerable<string> HostProcess(JsonObject spec) =>
        Contexts(spec).Where(context => True(context.Value?["windowsOptions"]?["hostProcess"])).Select(context => $"HostProcess: {context.Path}.windowsOptions.hostProcess");

    private static IEnumerable<string> HostNamespaces(JsonObject spec) =>
        new[] { "hostNetwork", "hostPID", "hostIPC" }.Where(name => True(spec[name])).Select(name => $"Host Namespaces: spec.{name}");

    private static IEnumerable<string> Privileged(JsonObject spec) =>
        ContainerContexts(spec).Where(context => True(context.Value?["privileged"])).Select(context => $"Privileged Containers: {context.Path}.privileged");

    private static IEnumerable<string> BaselineCapabilities(JsonObject spec) => Added(spec, s_baselineCapabilities, "Capabilities (baseline)");

    private static IEnumerable<string> HostPath(JsonObject spec) =>
        Each(spec["volumes"]).Where(volume => volume["hostPath"] is not null).Select(volume => $"HostPath Volumes: spec.volumes[{volume["name"]}]");

    private static IEnumerable<string> HostPorts(JsonObject spec) =>
        from container in Containers(spec)
        from port in Each(container.Value["ports"])
        where (long?)port["hostPort"] is not (null or 0)
        select $"Host Ports: {container.Path}.ports[{port["containerPort"]}].hostPort";

    private static IEnumerable<string> HostProbes(JsonObject spec) =>
        from container in Containers(spec)
        from handler in new[]
        {
            ("livenessProbe", container.Value["livenessProbe"]), ("readinessProbe", container.Value["readinessProbe"]), ("startupProbe", container.Value["startupProbe"]),
            ("lifecycle.postStart", container.Value["lifecycle"]?["postStart"]), ("lifecycle.preStop", container.Value["lifecycle"]?["preStop"]),
        }
        from way in new[] { "httpGet", "tcpSocket" }
        where Text(handler.Item2?[way]?["host"]).Length > 0
        select $"Host Probes / Lifecycle Hooks: {container.Path}.{handler.Item1}.{way}.host";

    private static IEnumerable<string> AppArmor(JsonObject pod, JsonObject spec) =>
    [
        .. Contexts(spec)
            .Where(context => context.Value?["appArmorProfile"]?["type"] is { } type && Text(type) is not ("RuntimeDefault" or "Localhost"))
            .Select(context => $"AppArmor: {context.Path}.appArmorProfile.type"),
        .. (pod["metadata"]?["annotations"] as JsonObject ?? [])
            .Where(annotation => annotation.Key.StartsWith("container.apparmor.security.beta.kubernetes.io/", StringComparison.Ordinal))
            .Where(annotation => Text(annotation.Value) is var profile && profile is not ("" or "runtime/default") && !profile.StartsWith("localhost/", StringComparison.Ordinal))
            .Select(annotation => $"AppArmor: metadata.annotations[{annotation.Key}]"),
    ];

    private static IEnumerable<string> SELinux(JsonObject spec) =>
        from context in Contexts(spec)
        let options = context.Value?["seLinuxOptions"]
        where options is not null
            && (Text(options["type"]) is not ("" or "container_t" or "container_init_t" or "container_kvm_t" or "container_engine_t") || Text(options["user"]).Length + Text(options["role"]).Length > 0)
        select $"SELinux: {context.Path}.seLinuxOptions";

    private static IEnumerable<string> ProcMount(JsonObject spec) =>
        ContainerContexts(spec).Where(context => Text(context.Value?["procMount"]) is not ("" or "Default")).Select(context => $"/proc Mount Type: {context.Path}.procMount");

    private static IEnumerable<string> BaselineSeccomp(JsonObject spec) =>
        Contexts(spec).Where(context => Text(context.Value?["seccompProfile"]?["type"]) is not ("" or "RuntimeDefault" or "Localhost")).Select(context => $"Seccomp (baseline): {context.Path}.seccompProfile.type");

    private static IEnumerable<string> Sysctls(JsonObject spec) =>
        Each(spec["securityContext"]?["sysctls"]).Select(sysctl => Text(sysctl["name"])).Except(s_sysctls, StringComparer.Ordinal).Select(name => $"Sysctls: {name}");

    private static IEnumerable<string> VolumeTypes(JsonObject spec) =>
        from volume in Each(spec["volumes"])
        from kind in volume.Where(entry => entry.Key != "name" && entry.Value is not null && !s_volumes.Contains(entry.Key, StringComparer.Ordinal))
        select $"Volume Types: spec.volumes[{volume["name"]}].{kind.Key}";

    private static IEnumerable<string> PrivilegeEscalation(JsonObject spec) =>
        ContainerContexts(spec).Where(context => !False(context.Value?["allowPrivilegeEscalation"])).Select(context => $"Privilege Escalation: {context.Path}.allowPrivilegeEscalation");

    /// <summary>A container that says nothing takes the pod's word.</summary>
    private static IEnumerable<string> RunningAsNonRoot(JsonObject spec)
    {
        var pod = spec["securityContext"]?["runAsNonRoot"];
        return ContainerContexts(spec)
            .Where(context => !True(context.Value?["runAsNonRoot"] ?? pod))
            .Select(context => $"Running as Non-root: {context.Path}.runAsNonRoot")
            .Concat(False(pod) ? ["Running as Non-root: spec.securityContext.runAsNonRoot"] : []);
    }

    private static IEnumerable<string> RunningAsNonRootUser(JsonObject spec) =>
        Contexts(spec).Where(context => (long?)context.Value?["runAsUser"] == 0).Select(context => $"Running as Non-root user: {context.Path}.runAsUser");

    private static IEnumerable<string> Seccomp(JsonObject spec)
    {
        var pod = spec["securityContext"]?["seccompProfile"]?["type"];
        return ContainerContexts(spec)
            .Where(context => Text(context.Value?["seccompProfile"]?["type"] ?? pod) is not ("RuntimeDefault" or "Localhost"))
            .Select(context => $"Seccomp: {context.Path}.seccompProfile.type");
    }

    private static IEnumerable<string> Capabilities(JsonObject spec) =>
    [
        .. ContainerContexts(spec)
            .Where(context => context.Value?["capabilities"]?["drop"] is not JsonArray dropped || !dropped.Any(name => Text(name) == "ALL"))
            .Select(context => $"Capabilities: {context.Path}.capabilities.drop"),
        .. Added(spec, ["NET_BIND_SERVICE"], "Capabilities"),
    ];

    private static IEnumerable<string> Added(JsonObject spec, string[] allowed, string control) =>
        from context in ContainerContexts(spec)
        from name in context.Value?["capabilities"]?["add"] as JsonArray ?? []
        where !allowed.Contains(Text(name), StringComparer.Ordinal)
        select $"{control}: {context.Path}.capabilities.add[{name}]";

    private static IEnumerable<(string Path, JsonNode? Value)> Contexts(JsonObject spec) => [("spec.securityContext", spec["securityContext"]), .. ContainerContexts(spec)];

    private static IEnumerable<(string Path, JsonNode? Value)> ContainerContexts(JsonObject spec) =>
        Containers(spec).Select(container => (container.Path + ".securityContext", container.Value["securityContext"]));

    private static IEnumerable<(string Path, JsonObject Value)> Containers(JsonObject spec) =>
        from list in new[] { "initContainers", "containers", "ephemeralContainers" }
        from container in Each(spec[list])
        select ($"spec.{list}[{container["name"]}]", container);

    private static IEnumerable<JsonObject> Each(JsonNode? list) => (list as JsonArray ?? []).OfType<JsonObject>();

    private static string Text(JsonNode? node) => node?.ToString() ?? "";

    private static bool True(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var yes) && yes;

    private static bool False(JsonNode? node) => node is JsonValue value && value.TryGetValue<bool>(out var yes) && !yes;
}
