using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Cpt.Kubernetes;

/// <summary>
/// The certificates that vouch for the server. One from a file is read again when the file changes, so that a cluster can replace its CA under a running process.
/// </summary>
public sealed class CertificateAuthority
{
    private readonly string? _path;
    private readonly Lock _lock = new();
    private X509Certificate2Collection _certificates;
    private FileStamp _stamp;

    private CertificateAuthority(string? path, X509Certificate2Collection certificates, FileStamp stamp) =>
        (_path, _certificates, _stamp) = (path, certificates, stamp);

    /// <param name="pem">One or more certificates.</param>
    /// <exception cref="KubeconfigException">There is none in it.</exception>
    public static CertificateAuthority FromPem(ReadOnlySpan<byte> pem) => FromPem(pem, "certificate-authority-data");

    /// <param name="path">A PEM file.</param>
    /// <exception cref="KubeconfigException">It cannot be read, or holds no certificate.</exception>
    public static CertificateAuthority FromFile(string path)
    {
        try
        {
            var stamp = FileStamp.Of(path);
            return new(path, Read(File.ReadAllBytes(path), path), stamp);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new KubeconfigException($"certificate-authority: {path} cannot be read: {exception.Message}", exception);
        }
    }

    internal static CertificateAuthority FromPem(ReadOnlySpan<byte> pem, string where) => new(null, Read(pem, where), default);

    /// <summary>Asked once a connection, so a look at the file costs nothing.</summary>
    internal X509Certificate2Collection Current()
    {
        if (_path is null)
        {
            return _certificates;
        }

        lock (_lock)
        {
            try
            {
                var stamp = FileStamp.Of(_path);
                if (stamp != _stamp)
                {
                    _certificates = Read(File.ReadAllBytes(_path), _path);
                    _stamp = stamp;
                }
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or KubeconfigException)
            {
                // Caught in the middle of a replacement: the old ones stay, and the next connection looks again.
            }

            return _certificates;
        }
    }

    /// <summary>Whether <paramref name="certificate"/> is vouched for; <paramref name="presented"/> is the chain the server sent.</summary>
    internal bool Vouches(X509Certificate2 certificate, X509Chain? presented)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(Current());
        // Cluster CAs publish no revocation lists, and nothing may be fetched from elsewhere while connecting.
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        if (presented is not null)
        {
            // Holds what the server sent beside its own certificate.
            chain.ChainPolicy.ExtraStore.AddRange(presented.ChainPolicy.ExtraStore);
        }

        return chain.Build(certificate);
    }

    private static X509Certificate2Collection Read(ReadOnlySpan<byte> pem, string source)
    {
        var certificates = new X509Certificate2Collection();
        try
        {
            certificates.ImportFromPem(Encoding.ASCII.GetString(pem));
        }
        catch (CryptographicException exception)
        {
            throw new KubeconfigException($"{source}: not a PEM certificate: {exception.Message}", exception);
        }

        return certificates.Count > 0 ? certificates : throw new KubeconfigException($"{source}: holds no certificate; PEM with -----BEGIN CERTIFICATE----- is expected");
    }
}
