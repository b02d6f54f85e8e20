namespace Cpt.Kubernetes;

internal sealed class TokenFileCredentials(string path, ClientCertificate? certificate, TimeProvider time) : ClusterCredentials
{
    // The kubelet renews a token when a fifth of its life is left: minutes at the least.
    private static readonly TimeSpan s_trusted = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private Credential? _credential;
    private long _readAt;

    internal override ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        lock (_lock)
        {
            var loaded = certificate?.Current();
            if (_credential is null || time.GetElapsedTime(_readAt) >= s_trusted)
            {
                Read(loaded);
            }
            else if (!ReferenceEquals(_credential.Certificate, loaded))
            {
                _credential = _credential with { Certificate = loaded };
            }

            return new(_credential!);
        }
    }

    internal override bool Refused(Credential used)
    {
        lock (_lock)
        {
            if (!ReferenceEquals(_credential, used))
            {
                return true; // another call has read it again since
            }

            var before = used.Authorization!.Parameter;
            Read(used.Certificate);
            return _credential!.Authorization!.Parameter != before;
        }
    }

    private void Read(LoadedCertificate? loaded)
    {
        string token;
        try
        {
            token = File.ReadAllText(path).Trim();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The one in use may be good for long; the file may be in the middle of its replacement.
            if (_credential is not null)
            {
                return;
            }

            throw new KubeconfigException($"tokenFile: {path} cannot be read: {exception.Message}", exception);
        }

        if (token.Length == 0)
        {
            if (_credential is not null)
            {
                return;
            }

            throw new KubeconfigException($"tokenFile: {path} is empty");
        }

        _readAt = time.GetTimestamp();
        if (_credential?.Authorization?.Parameter != token || !ReferenceEquals(_credential.Certificate, loaded))
        {
            _credential = new(new("Bearer", token), loaded);
        }
    }
}
