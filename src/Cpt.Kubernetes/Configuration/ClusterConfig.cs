namespace Cpt.Kubernetes;

/// <summary>One cluster, and who one is there.</summary>
public sealed record ClusterConfig
{
    /// <summary>The API server: <c>https://host:port</c>, perhaps with a path.</summary>
    public required Uri Server { get; init; }

    /// <summary>The namespace meant where none is named; null where the configuration has none.</summary>
    public string? Namespace { get; init; }

    /// <summary>The name the server's certificate must bear, where it is not the URL's host.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Believe any certificate. For experiments.</summary>
    public bool SkipTlsVerify { get; init; }

    /// <summary>Whom to believe that the server is the server; null: whom the system believes.</summary>
    public CertificateAuthority? CertificateAuthority { get; init; }

    public ClusterCredentials Credentials { get; init; } = ClusterCredentials.None;

    /// <summary>Act as somebody else.</summary>
    public Impersonation? Impersonate { get; init; }

    /// <summary>A proxy on the way. Null: none; the environment's proxies are for the outside world and are never used.</summary>
    public Uri? Proxy { get; init; }

    /// <summary>
    /// Where a Kubernetes program looks: the file given; else the files in <c>KUBECONFIG</c>; else, inside a pod, the pod's service account; else
    /// <c>~/.kube/config</c>.
    /// </summary>
    /// <param name="kubeconfig">A file.</param>
    /// <param name="context">A context; null: the file's current one.</param>
    /// <param name="time">For tests.</param>
    /// <exception cref="KubeconfigException">Nothing is there, or it cannot be used.</exception>
    public static ClusterConfig Load(string? kubeconfig = null, string? context = null, TimeProvider? time = null)
    {
        if (!string.IsNullOrEmpty(kubeconfig))
        {
            return Kubeconfig.Read(kubeconfig).ToClusterConfig(context, time);
        }

        if (Environment.GetEnvironmentVariable("KUBECONFIG") is { Length: > 0 } paths)
        {
            return Kubeconfig.ReadMerged(paths.Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)).ToClusterConfig(context, time);
        }

        if (context is null && InClusterConfig.IsInCluster)
        {
            return InClusterConfig.Load(time: time);
        }

        var home = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".kube", "config");
        return File.Exists(home)
            ? Kubeconfig.Read(home).ToClusterConfig(context, time)
            : throw new KubeconfigException($"no cluster is known: KUBECONFIG is not set, this is not a pod (KUBERNETES_SERVICE_HOST is not set), and {home} does not exist");
    }
}

/// <summary>
/// Who to act as; the credentials must be allowed to. One group, and one value for each extra: the API wants each further one in a header line of its own, and .NET's
/// HTTP joins them into one line, which would be another group's name.
/// </summary>
public sealed record Impersonation(string User, string? Uid = null, string? Group = null, IReadOnlyDictionary<string, string>? Extra = null);
