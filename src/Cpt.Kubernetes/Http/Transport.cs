using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Cpt.Kubernetes;

/// <summary>
/// The connections to one cluster: a single handler with HTTP/2, over which all calls and watches run side by side. A client certificate belongs to a
/// connection, so when it is replaced, a new handler takes the new calls; what still runs on the old one runs to its end.
/// </summary>
internal sealed class Transport(ClusterConfig cluster, KubernetesClientOptions options) : IDisposable
{
    private readonly Lock _lock = new();
    private HttpMessageInvoker? _invoker;
    private LoadedCertificate? _certificate;
    private bool _disposed;

    public async Task<HttpResponseMessage> SendAsync(ApiRequest request, Credential credential, CancellationToken cancellation)
    {
        using var message = request.ToMessage(cluster.Server);
        message.Headers.Authorization = credential.Authorization;
        message.Headers.TryAddWithoutValidation("User-Agent", options.UserAgent);
        // The handler takes the name that TLS asks for and checks from here, and from nowhere else.
        message.Headers.Host = cluster.TlsServerName;
        if (cluster.Impersonate is { } who)
        {
            Impersonate(message, who);
        }

        return await InvokerFor(credential.Certificate).SendAsync(message, cancellation);
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            _invoker?.Dispose();
        }
    }

    private HttpMessageInvoker InvokerFor(LoadedCertificate? certificate)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, typeof(KubernetesClient));
            if (_invoker is null || !ReferenceEquals(_certificate, certificate))
            {
                // The old one is not disposed: that would tear its watches. Its connections close when idle.
                _certificate = certificate;
                var handler = CreateHandler(certificate);
                _invoker = new(options.WrapHandler?.Invoke(handler) ?? handler, disposeHandler: true);
            }

            return _invoker;
        }
    }

    private SocketsHttpHandler CreateHandler(LoadedCertificate? certificate) => new()
    {
        UseProxy = cluster.Proxy is not null,
        Proxy = cluster.Proxy is { } proxy ? new WebProxy(proxy) : null,
        UseCookies = false,
        AllowAutoRedirect = false,
        ConnectTimeout = options.ConnectTimeout,
        EnableMultipleHttp2Connections = true,
        // Lists are long: the window must not make the server wait for us.
        InitialHttp2StreamWindowSize = 1 << 20,
        // A peer that vanished (a node without power, a dropped NAT entry) answers no ping; TCP alone would notice after a quarter of an hour.
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificateContext = certificate?.Context,
            RemoteCertificateValidationCallback = cluster.SkipTlsVerify || cluster.CertificateAuthority is not null ? Validate : null,
        },
    };

    private bool Validate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (cluster.SkipTlsVerify || errors == SslPolicyErrors.None)
        {
            // A chain that the system trusts is no proof where the cluster has a CA of its own.
            return cluster.SkipTlsVerify || (certificate is X509Certificate2 trusted && cluster.CertificateAuthority!.Vouches(trusted, chain));
        }

        return errors == SslPolicyErrors.RemoteCertificateChainErrors && certificate is X509Certificate2 presented && cluster.CertificateAuthority!.Vouches(presented, chain);
    }

    private static void Impersonate(HttpRequestMessage message, Impersonation who)
    {
        message.Headers.TryAddWithoutValidation("Impersonate-User", who.User);
        if (who.Uid is not null)
        {
            message.Headers.TryAddWithoutValidation("Impersonate-Uid", who.Uid);
        }

        if (who.Group is not null)
        {
            message.Headers.TryAddWithoutValidation("Impersonate-Group", who.Group);
        }

        foreach (var (key, value) in who.Extra ?? new Dictionary<string, string>(StringComparer.Ordinal))
        {
            message.Headers.TryAddWithoutValidation("Impersonate-Extra-" + Uri.EscapeDataString(key), value);
        }
    }
}
