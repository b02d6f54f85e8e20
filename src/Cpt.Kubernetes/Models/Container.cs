using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>One container of a pod.</summary>
public sealed record Container
{
    public string Name { get; set; } = "";

    public string? Image { get; set; }

    public string? ImagePullPolicy { get; set; }

    public List<string>? Command { get; set; }

    public List<string>? Args { get; set; }

    public string? WorkingDir { get; set; }

    public List<EnvVar>? Env { get; set; }

    public List<EnvFromSource>? EnvFrom { get; set; }

    public List<ContainerPort>? Ports { get; set; }

    public ResourceRequirements? Resources { get; set; }

    public List<VolumeMount>? VolumeMounts { get; set; }

    public SecurityContext? SecurityContext { get; set; }

    public string? TerminationMessagePath { get; set; }

    /// <summary><c>File</c> or <c>FallbackToLogsOnError</c>.</summary>
    public string? TerminationMessagePolicy { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record EnvVar
{
    public string Name { get; set; } = "";

    public string? Value { get; set; }

    public EnvVarSource? ValueFrom { get; set; }
}

public sealed record EnvVarSource
{
    public KeySelector? SecretKeyRef { get; set; }

    public KeySelector? ConfigMapKeyRef { get; set; }

    public ObjectFieldSelector? FieldRef { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

/// <summary>A key of a Secret or a ConfigMap.</summary>
public sealed record KeySelector
{
    public string Name { get; set; } = "";

    public string Key { get; set; } = "";

    public bool? Optional { get; set; }
}

public sealed record ObjectFieldSelector
{
    public string FieldPath { get; set; } = "";

    public string? ApiVersion { get; set; }
}

public sealed record EnvFromSource
{
    public string? Prefix { get; set; }

    public OptionalReference? SecretRef { get; set; }

    public OptionalReference? ConfigMapRef { get; set; }
}

public sealed record OptionalReference
{
    public string Name { get; set; } = "";

    public bool? Optional { get; set; }
}

public sealed record ContainerPort
{
    public string? Name { get; set; }

    [JsonPropertyName("containerPort")]
    public int Number { get; set; }

    public string? Protocol { get; set; }
}

public sealed record ResourceRequirements
{
    /// <summary>Quantities by resource: <c>cpu: 500m</c>, <c>nvidia.com/gpu: "8"</c>.</summary>
    public Dictionary<string, string>? Limits { get; set; }

    public Dictionary<string, string>? Requests { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record VolumeMount
{
    public string Name { get; set; } = "";

    public string MountPath { get; set; } = "";

    public string? SubPath { get; set; }

    public bool? ReadOnly { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record SecurityContext
{
    public bool? AllowPrivilegeEscalation { get; set; }

    public bool? Privileged { get; set; }

    public bool? ReadOnlyRootFilesystem { get; set; }

    public bool? RunAsNonRoot { get; set; }

    public long? RunAsUser { get; set; }

    public Capabilities? Capabilities { get; set; }

    public SeccompProfile? SeccompProfile { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record Capabilities
{
    public List<string>? Add { get; set; }

    public List<string>? Drop { get; set; }
}
