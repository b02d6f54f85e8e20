using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>A client certificate of the test cluster's own CA, so that the API server can tell one program's calls from another's.</summary>
internal static class ClientIdentity
{
    /// <summary>Writes <c>NAME.kubeconfig</c> beside the administrator's, with the same rights.</summary>
    public static void Create(string directory, string name)
    {
        var pki = Path.Combine(directory, "pki");
        using var authority = X509Certificate2.CreateFromPemFile(Path.Combine(pki, "ca.crt"), Path.Combine(pki, "ca.key"));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var subject = new X500DistinguishedNameBuilder();
        subject.AddOrganizationName("system:masters");
        subject.AddCommonName(name);
        var request = new CertificateRequest(subject.Build(), key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.2")], critical: false));
        using var certificate = request.Create(authority, new DateTimeOffset(authority.NotBefore), new DateTimeOffset(authority.NotAfter), RandomNumberGenerator.GetBytes(8));
        File.WriteAllText(Path.Combine(pki, name + ".crt"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(pki, name + ".key"), key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(
            Path.Combine(directory, name + ".kubeconfig"),
            File.ReadAllText(Path.Combine(directory, "admin.kubeconfig")).Replace("pki/admin.", $"pki/{name}.", StringComparison.Ordinal));
    }
}
