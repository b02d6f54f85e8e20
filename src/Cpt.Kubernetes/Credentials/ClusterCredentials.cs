using System.Net.Http.Headers;
using System.Text;

namespace Cpt.Kubernetes;

/// <summary>Who one is to the API server. Those that change with time are asked before every call.</summary>
public abstract class ClusterCredentials
{
    private protected ClusterCredentials()
    {
    }

    /// <summary>Nobody: what <c>kubectl proxy</c> and tests take.</summary>
    public static ClusterCredentials None { get; } = new StaticCredentials(null, null);

    public static ClusterCredentials Token(string token) => new StaticCredentials(new("Bearer", token), null);

    /// <summary>A token in a file that somebody renews: read again every minute, and at once when the server refuses the one in use.</summary>
    public static ClusterCredentials TokenFile(string path, TimeProvider? time = null) => new TokenFileCredentials(path, null, time ?? TimeProvider.System);

    internal static AuthenticationHeaderValue BasicHeader(string user, string password) =>
        new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    internal abstract ValueTask<Credential> GetAsync(CancellationToken cancellation);

    /// <summary>The server refused <paramref name="used"/> (401). Whether asking again may give others.</summary>
    internal virtual bool Refused(Credential used) => false;
}

/// <summary>What one call presents.</summary>
/// <param name="Authorization">A header.</param>
/// <param name="Certificate">A certificate for the connection; another one makes another connection.</param>
internal sealed record Credential(AuthenticationHeaderValue? Authorization, LoadedCertificate? Certificate);

internal sealed class StaticCredentials(AuthenticationHeaderValue? header, ClientCertificate? certificate) : ClusterCredentials
{
    private Credential? _credential;

    internal override ValueTask<Credential> GetAsync(CancellationToken cancellation)
    {
        var loaded = certificate?.Current();
        var credential = _credential;
        if (credential is null || !ReferenceEquals(credential.Certificate, loaded))
        {
            _credential = credential = new(header, loaded);
        }

        return new(credential);
    }
}
