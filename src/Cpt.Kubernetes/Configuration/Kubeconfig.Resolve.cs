using System.Text.Json;

namespace Cpt.Kubernetes;

/// <content>From a context to a cluster and credentials.</content>
public sealed partial class Kubeconfig
{
    /// <param name="context">Null: the current one.</param>
    /// <param name="time">For tests.</param>
    /// <exception cref="KubeconfigException">The context, or what it names, is missing or cannot be used.</exception>
    public ClusterConfig ToClusterConfig(string? context = null, TimeProvider? time = null)
    {
        context ??= CurrentContext ?? throw new KubeconfigException($"{_source}: current-context is not set; contexts are: {Names(_contexts)}");
        var chosen = Find(_contexts, context, "context", _source).Context ?? new();
        var where = $"{_contexts[context].File}: contexts[{context}]";
        var cluster = Find(_clusters, chosen.Cluster, "cluster", where);
        var user = string.IsNullOrEmpty(chosen.User) ? null : Find(_users, chosen.User, "user", where);
        var settings = cluster.Cluster ?? new();
        where = $"{cluster.File}: clusters[{cluster.Name}]";

        if (!Uri.TryCreate(settings.Server, UriKind.Absolute, out var server) || server.Scheme is not ("https" or "http"))
        {
            throw new KubeconfigException($"{where}.server: \"{settings.Server}\" is not a URL like https://host:6443");
        }

        return new()
        {
            Server = server,
            Namespace = string.IsNullOrEmpty(chosen.Namespace) ? null : chosen.Namespace,
            TlsServerName = settings.TlsServerName,
            SkipTlsVerify = settings.InsecureSkipTlsVerify,
            CertificateAuthority = Authority(settings, cluster.File, where),
            Proxy = ProxyOf(settings.ProxyUrl, where),
            Credentials = user?.User is null ? ClusterCredentials.None : CredentialsOf(user, settings, time ?? TimeProvider.System),
            Impersonate = user?.User is { ImpersonateUser.Length: > 0 } who ? ImpersonationOf(who, $"{user.File}: users[{user.Name}]") : null,
        };
    }

    private static Impersonation ImpersonationOf(KubeconfigUser who, string where)
    {
        return new(
            who.ImpersonateUser!,
            who.ImpersonateUid,
            who.ImpersonateGroups is { Count: > 0 } groups ? OneOf(groups, "as-groups") : null,
            who.ImpersonateExtra?.Where(entry => entry.Value.Count > 0).ToDictionary(entry => entry.Key, entry => OneOf(entry.Value, $"as-user-extra[{entry.Key}]"), StringComparer.Ordinal));

        string OneOf(List<string> values, string field) => values.Count == 1
            ? values[0]
            : throw new KubeconfigException($"{where}.{field}: {values.Count} values ({string.Join(", ", values)}); at most one can be sent");
    }

    private static CertificateAuthority? Authority(KubeconfigCluster cluster, string file, string where) => cluster switch
    {
        { CertificateAuthorityData.Length: > 0 } =>
            CertificateAuthority.FromPem(Base64(cluster.CertificateAuthorityData, where + ".certificate-authority-data"), where + ".certificate-authority-data"),
        { CertificateAuthority.Length: > 0 } => CertificateAuthority.FromFile(Beside(file, cluster.CertificateAuthority)),
        _ => null,
    };

    private static Uri? ProxyOf(string? url, string where)
    {
        if (string.IsNullOrEmpty(url))
        {
            return null;
        }

        return Uri.TryCreate(url, UriKind.Absolute, out var proxy) && proxy.Scheme is "http" or "https" or "socks5"
            ? proxy
            : throw new KubeconfigException($"{where}.proxy-url: \"{url}\" is not a URL that begins with http://, https:// or socks5://");
    }

    private static ClusterCredentials CredentialsOf(NamedUser entry, KubeconfigCluster cluster, TimeProvider time)
    {
        var user = entry.User!;
        var where = $"{entry.File}: users[{entry.Name}]";
        if (user.AuthProvider is { ValueKind: not JsonValueKind.Null })
        {
            throw new KubeconfigException($"{where}.auth-provider is no longer a part of Kubernetes; use exec with the provider's plugin");
        }

        var certificate = CertificateOf(user, entry.File, where);
        if (user.Exec is { } exec)
        {
            return ExecPlugin.Create(exec, entry.File, where, cluster, certificate, time);
        }

        // A token file goes before a token in the text, as in kubectl.
        return user switch
        {
            { TokenFile.Length: > 0 } => new TokenFileCredentials(Beside(entry.File, user.TokenFile), certificate, time),
            { Token.Length: > 0 } => new StaticCredentials(new("Bearer", user.Token), certificate),
            { Username.Length: > 0 } => new StaticCredentials(ClusterCredentials.BasicHeader(user.Username, user.Password ?? ""), certificate),
            _ => new StaticCredentials(null, certificate),
        };
    }

    private static ClientCertificate? CertificateOf(KubeconfigUser user, string file, string where)
    {
        var hasCertificate = user is { ClientCertificate.Length: > 0 } or { ClientCertificateData.Length: > 0 };
        var hasKey = user is { ClientKey.Length: > 0 } or { ClientKeyData.Length: > 0 };
        if (hasCertificate != hasKey)
        {
            throw new KubeconfigException($"{where}: {(hasKey ? "client-key is set without client-certificate" : "client-certificate is set without client-key")}");
        }

        if (!hasCertificate)
        {
            return null;
        }

        var certificate = new PemSource(where + ".client-certificate", user.ClientCertificateData, Beside(file, user.ClientCertificate));
        var key = new PemSource(where + ".client-key", user.ClientKeyData, Beside(file, user.ClientKey));
        return new ClientCertificate(certificate, key);
    }

    internal static byte[] Base64(string text, string where)
    {
        try
        {
            return Convert.FromBase64String(text);
        }
        catch (FormatException exception)
        {
            throw new KubeconfigException($"{where} is not base64", exception);
        }
    }

    private static string Beside(string file, string? path) => string.IsNullOrEmpty(path) ? "" : Path.GetFullPath(path, Path.GetDirectoryName(file)!);

    private static T Find<T>(Dictionary<string, T> known, string? name, string what, string where) =>
        name is not null && known.TryGetValue(name, out var found)
            ? found
            : throw new KubeconfigException($"{where}: {what} \"{name}\" does not exist; there are: {Names(known)}");

    private static string Names<T>(Dictionary<string, T> known) => known.Count == 0 ? "none" : string.Join(", ", known.Keys);
}
