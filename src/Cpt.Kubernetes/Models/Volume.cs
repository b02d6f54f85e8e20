using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

/// <summary>Storage of a pod; exactly one source is set. Sources not named here go through <see cref="Other"/>.</summary>
public sealed record Volume
{
    public string Name { get; set; } = "";

    public EmptyDirVolume? EmptyDir { get; set; }

    public ConfigMapVolume? ConfigMap { get; set; }

    public SecretVolume? Secret { get; set; }

    public PersistentVolumeClaimVolume? PersistentVolumeClaim { get; set; }

    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Other { get; set; }
}

public sealed record EmptyDirVolume
{
    public string? Medium { get; set; }

    public string? SizeLimit { get; set; }
}

public sealed record ConfigMapVolume
{
    public string Name { get; set; } = "";

    public bool? Optional { get; set; }

    public int? DefaultMode { get; set; }

    public List<KeyToPath>? Items { get; set; }
}

public sealed record SecretVolume
{
    public string SecretName { get; set; } = "";

    public bool? Optional { get; set; }

    public int? DefaultMode { get; set; }

    public List<KeyToPath>? Items { get; set; }
}

public sealed record KeyToPath
{
    public string Key { get; set; } = "";

    public string Path { get; set; } = "";

    public int? Mode { get; set; }
}

public sealed record PersistentVolumeClaimVolume
{
    public string ClaimName { get; set; } = "";

    public bool? ReadOnly { get; set; }
}
