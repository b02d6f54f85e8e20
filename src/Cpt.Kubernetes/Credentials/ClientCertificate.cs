using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cpt.Kubernetes;

/// <summary>A certificate ready for connections, with the intermediate ones that were beside it.</summary>
internal sealed record LoadedCertificate(SslStreamCertificateContext Context)
{
    /// <exception cref="KubeconfigException">Not PEM, or the key is not the certificate's.</exception>
    public static LoadedCertificate FromPem(ReadOnlySpan<char> certificate, ReadOnlySpan<char> key, string where)
    {
        try
        {
            var leaf = X509Certificate2.CreateFromPem(certificate, key);
            if (OperatingSystem.IsWindows())
            {
                // Windows' TLS takes no key that lives in memory alone.
                using var ephemeral = leaf;
                leaf = X509CertificateLoader.LoadPkcs12(ephemeral.Export(X509ContentType.Pkcs12), null);
            }

            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            return new(SslStreamCertificateContext.Create(leaf, new X509Certificate2Collection(chain.Skip(1).ToArray()), offline: true));
        }
        catch (Exception exception) when (exception is CryptographicException or ArgumentException)
        {
            throw new KubeconfigException($"{where}: not a PEM certificate with its key: {exception.Message}", exception);
        }
    }
}

/// <summary>PEM text in a kubeconfig, as base64, or in a file beside it.</summary>
internal readonly record struct PemSource(string Where, string? Data, string File)
{
    public FileStamp Stamp => string.IsNullOrEmpty(Data) ? FileStamp.Of(File) : default;

    public string Read() => Encoding.ASCII.GetString(string.IsNullOrEmpty(Data) ? System.IO.File.ReadAllBytes(File) : Kubeconfig.Base64(Data, Where + "-data"));
}

/// <summary>A client certificate of a kubeconfig; one in files is read again when they change, as tools that renew certificates expect.</summary>
internal sealed class ClientCertificate(PemSource certificate, PemSource key)
{
    private readonly Lock _lock = new();
    private LoadedCertificate? _loaded;
    private (FileStamp Certificate, FileStamp Key) _stamp;

    public LoadedCertificate Current()
    {
        lock (_lock)
        {
            try
            {
                var stamp = (certificate.Stamp, key.Stamp);
                if (_loaded is null || stamp != _stamp)
                {
                    _loaded = LoadedCertificate.FromPem(certificate.Read(), key.Read(), certificate.Where);
                    _stamp = stamp;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KubeconfigException)
            {
                // Caught between the two files: the pair in use stays until both fit.
                if (_loaded is null)
                {
                    throw exception as KubeconfigException ?? new KubeconfigException($"{certificate.Where}: {exception.Message}", exception);
                }
            }

            return _loaded;
        }
    }
}
