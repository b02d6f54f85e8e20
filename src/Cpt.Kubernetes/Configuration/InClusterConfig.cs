namespace Cpt.Kubernetes;

/// <summary>What every pod is given: the API server's address in the environment, token and CA in files that the kubelet renews.</summary>
public static class InClusterConfig
{
    public const string ServiceAccountDirectory = "/var/run/secrets/kubernetes.io/serviceaccount";

    public static bool IsInCluster => Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST") is { Length: > 0 };

    /// <param name="directory">Where <c>token</c>, <c>ca.crt</c> and <c>namespace</c> lie.</param>
    /// <param name="host">By default <c>KUBERNETES_SERVICE_HOST</c>.</param>
    /// <param name="port">By default <c>KUBERNETES_SERVICE_PORT</c>.</param>
    /// <param name="time">For tests.</param>
    /// <exception cref="KubeconfigException">This is not a pod, or its service account token is not mounted.</exception>
    public static ClusterConfig Load(string directory = ServiceAccountDirectory, string? host = null, string? port = null, TimeProvider? time = null)
    {
        host ??= Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_HOST");
        port ??= Environment.GetEnvironmentVariable("KUBERNETES_SERVICE_PORT");
        if (string.IsNullOrEmpty(host) || string.IsNullOrEmpty(port))
        {
            throw new KubeconfigException("this is not a pod: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set");
        }

        var (token, authority, @namespace) = (Path.Combine(directory, "token"), Path.Combine(directory, "ca.crt"), Path.Combine(directory, "namespace"));
        if (!File.Exists(token))
        {
            throw new KubeconfigException($"{token} does not exist: the pod's service account token is not mounted (automountServiceAccountToken: false?)");
        }

        return new()
        {
            // An IPv6 address stands in brackets in a URL.
            Server = new Uri($"https://{(host.Contains(':') ? $"[{host}]" : host)}:{port}"),
            Namespace = File.Exists(@namespace) ? File.ReadAllText(@namespace).Trim() : null,
            CertificateAuthority = CertificateAuthority.FromFile(authority),
            Credentials = ClusterCredentials.TokenFile(token, time),
        };
    }
}
