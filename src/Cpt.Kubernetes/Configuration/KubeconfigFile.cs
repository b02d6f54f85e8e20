using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

// A kubeconfig as it lies in a file. Fields that are not used here (preferences, extensions of other tools) are skipped.

internal sealed record KubeconfigFile
{
    public List<NamedCluster>? Clusters { get; set; }

    public List<NamedUser>? Users { get; set; }

    public List<NamedContext>? Contexts { get; set; }

    [JsonPropertyName("current-context")]
    public string? CurrentContext { get; set; }
}

internal abstract record FromFile
{
    /// <summary>The file it stands in: relative paths start there.</summary>
    [JsonIgnore]
    public string File { get; set; } = "";

    public string Name { get; set; } = "";
}

internal sealed record NamedCluster : FromFile
{
    public KubeconfigCluster? Cluster { get; set; }
}

internal sealed record NamedUser : FromFile
{
    public KubeconfigUser? User { get; set; }
}

internal sealed record NamedContext : FromFile
{
    public KubeconfigContext? Context { get; set; }
}

internal sealed record KubeconfigContext
{
    public string? Cluster { get; set; }

    public string? User { get; set; }

    public string? Namespace { get; set; }
}

internal sealed record KubeconfigCluster
{
    public string? Server { get; set; }

    [JsonPropertyName("tls-server-name")]
    public string? TlsServerName { get; set; }

    [JsonPropertyName("insecure-skip-tls-verify")]
    public bool InsecureSkipTlsVerify { get; set; }

    [JsonPropertyName("certificate-authority")]
    public string? CertificateAuthority { get; set; }

    [JsonPropertyName("certificate-authority-data")]
    public string? CertificateAuthorityData { get; set; }

    [JsonPropertyName("proxy-url")]
    public string? ProxyUrl { get; set; }

    public List<KubeconfigExtension>? Extensions { get; set; }
}

internal sealed record KubeconfigExtension
{
    public string? Name { get; set; }

    public JsonElement? Extension { get; set; }
}

internal sealed record KubeconfigUser
{
    [JsonPropertyName("client-certificate")]
    public string? ClientCertificate { get; set; }

    [JsonPropertyName("client-certificate-data")]
    public string? ClientCertificateData { get; set; }

    [JsonPropertyName("client-key")]
    public string? ClientKey { get; set; }

    [JsonPropertyName("client-key-data")]
    public string? ClientKeyData { get; set; }

    public string? Token { get; set; }

    public string? TokenFile { get; set; }

    public string? Username { get; set; }

    public string? Password { get; set; }

    [JsonPropertyName("as")]
    public string? ImpersonateUser { get; set; }

    [JsonPropertyName("as-uid")]
    public string? ImpersonateUid { get; set; }

    [JsonPropertyName("as-groups")]
    public List<string>? ImpersonateGroups { get; set; }

    [JsonPropertyName("as-user-extra")]
    public Dictionary<string, List<string>>? ImpersonateExtra { get; set; }

    [JsonPropertyName("auth-provider")]
    public JsonElement? AuthProvider { get; set; }

    public KubeconfigExec? Exec { get; set; }
}

internal sealed record KubeconfigExec
{
    public string? ApiVersion { get; set; }

    public string? Command { get; set; }

    public List<string>? Args { get; set; }

    public List<KubeconfigExecVariable>? Env { get; set; }

    public string? InstallHint { get; set; }

    public bool ProvideClusterInfo { get; set; }

    /// <summary><c>Never</c>, <c>IfAvailable</c> or <c>Always</c>.</summary>
    public string? InteractiveMode { get; set; }
}

internal sealed record KubeconfigExecVariable
{
    public string Name { get; set; } = "";

    public string Value { get; set; } = "";
}
