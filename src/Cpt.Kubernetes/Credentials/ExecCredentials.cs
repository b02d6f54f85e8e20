namespace Cpt.Kubernetes;

/// <summary>Credentials that a plugin prints: kept until they expire or the server refuses them; one run of the plugin serves all calls that wait for it.</summary>
internal sealed class ExecCredentials(ExecPlugin plugin, ClientCertificate? certificate, TimeProvider time) : ClusterCredentials
{
    // A call that starts just before the end must not arrive just after it.
    private static readonly TimeSpan s_margin = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _one = new(1, 1);
    private volatile Known? _known;

    internal override async ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        if (_known is { } known && IsGood(known))
        {
            return known.Credential;
        }

        await _one.WaitAsync(cancellation);
        try
        {
            if (_known is { } printed && IsGood(printed))
            {
                return printed.Credential;
            }

            var status = await plugin.RunAsync(cancellation);
            var loaded = status.ClientCertificateData is { Length: > 0 } pem
                ? LoadedCertificate.FromPem(pem, status.ClientKeyData, plugin.Where + ".command (status.clientCertificateData)")
                : certificate?.Current();
            var credential = new Credential(status.Token is { Length: > 0 } token ? new("Bearer", token) : null, loaded);
            _known = new(credential, status.ExpirationTimestamp);
            return credential;
        }
        finally
        {
            _one.Release();
        }
    }

    internal override bool Refused(Credential used)
    {
        // Forgotten only by the first of many calls that were refused with the same ones.
        var known = _known;
        if (known is not null && ReferenceEquals(known.Credential, used))
        {
            Interlocked.CompareExchange(ref _known, null, known);
        }

        return true;
    }

    private bool IsGood(Known known) => known.Expires is not { } expires || time.GetUtcNow() < expires - s_margin;

    private sealed record Known(Credential Credential, DateTimeOffset? Expires);
}
