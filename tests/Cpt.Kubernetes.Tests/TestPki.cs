using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cpt.Kubernetes.Tests;

/// <summary>Certificates made on the spot.</summary>
internal static class TestPki
{
    /// <summary>A CA with its key.</summary>
    public static X509Certificate2 Authority(string name)
    {
        var request = Request(name, out var key);
        using (key)
        {
            request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
            return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        }
    }

    /// <summary>A certificate and its key, both PEM.</summary>
    public static (string Certificate, string Key) Client(string name)
    {
        var request = Request(name, out var key);
        using (key)
        using (var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1)))
        {
            return (certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        }
    }

    private static CertificateRequest Request(string name, out ECDsa key)
    {
        key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return new("CN=" + name, key, HashAlgorithmName.SHA256);
    }
}
