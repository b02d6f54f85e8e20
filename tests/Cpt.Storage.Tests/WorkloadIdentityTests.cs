using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>A pod's service account token becomes an access token, and Azurite, with OAuth over https, takes it. Only the login service is played here.</summary>
public sealed class WorkloadIdentityTests(Azurite azurite)
{
    private const string Tenant = "11111111-2222-3333-4444-555555555555";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task TheFederatedTokenIsExchangedAndTheStoreWorks()
    {
        using var local = new TemporaryDirectory();
        using var login = await StartAsync(local);
        var store = CheckpointStore.Open("azblob://" + azurite.NextContainer(), Options(local, login));
        var committed = await store.CommitAsync(A.Final("aa"), CheckpointSource.Model(A.Model(local["m"])), null, Token);
        await store.DownloadAsync(committed, local["out"], null, null, Token);
        Assert.Equal(["pod-token"], login.Assertions.Distinct());
    }

    [Fact]
    public async Task ARefusedIdentityIsExitCode69WithWhatTheLoginServiceSaid()
    {
        using var local = new TemporaryDirectory();
        using var login = await StartAsync(local);
        login.Refuse = true;
        var error = await Assert.ThrowsAsync<StageFailureException>(() => CheckpointStore.Open("azblob://container", Options(local, login)).ReadManifestAsync("aa", Token));
        Assert.Equal((69, "StorageUnavailable"), (error.ExitCode, error.Reason));
        Assert.Contains("workload identity", error.Message, StringComparison.Ordinal);
        Assert.Contains("AADSTS70021", error.Message, StringComparison.Ordinal);
    }

    private static StorageOptions Options(TemporaryDirectory local, Login login)
    {
        local.Write("token", "pod-token"u8.ToArray());
        return new StorageOptions
        {
            HttpHandler = login,
            Environment = Azurite.Variables(
                ("AZURE_STORAGE_BLOB_ENDPOINT", $"{login.Origin}/{Azurite.Account}"),
                ("AZURE_CLIENT_ID", "client"), ("AZURE_TENANT_ID", Tenant), ("AZURE_FEDERATED_TOKEN_FILE", local["token"]),
                ("AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com/"), ("CPT_STORAGE_TIMEOUT_SECONDS", "30")),
        };
    }

    private async Task<Login> StartAsync(TemporaryDirectory local)
    {
        Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        await File.WriteAllTextAsync(local["cert.pem"], certificate.ExportCertificatePem(), Token);
        await File.WriteAllTextAsync(local["key.pem"], key.ExportPkcs8PrivateKeyPem(), Token);
        var origin = await azurite.StartAsync("--oauth", "basic", "--cert", local["cert.pem"], "--key", local["key.pem"]);
        return new Login(origin, certificate.Thumbprint);
    }

    /// <summary>Answers for the login service and lets everything else through to Azurite, whose certificate it knows.</summary>
    private sealed class Login(string origin, string thumbprint) : DelegatingHandler(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate?.GetCertHashString() == thumbprint },
    })
    {
        private readonly List<string> _assertions = [];

        public string Origin => origin;

        public bool Refuse { get; set; }

        public IReadOnlyList<string> Assertions => _assertions;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (request.RequestUri!.Host == "127.0.0.1") return await base.SendAsync(request, cancellationToken);
            if (request.Method == HttpMethod.Get)
                return Json(request, HttpStatusCode.OK, $$"""{"tenant_discovery_endpoint":"https://login.microsoftonline.com/{{Tenant}}/v2.0/.well-known/openid-configuration","metadata":[]}""");
            var form = System.Web.HttpUtility.ParseQueryString(await request.Content!.ReadAsStringAsync(cancellationToken));
            _assertions.Add(form["client_assertion"]!);
            return Refuse
                ? Json(request, HttpStatusCode.BadRequest, """{"error":"invalid_request","error_description":"AADSTS70021: no matching federated identity record"}""")
                : Json(request, HttpStatusCode.OK, JsonSerializer.Serialize(new { token_type = "Bearer", expires_in = 3600, access_token = AccessToken() }));
        }

        private static string AccessToken()
        {
            var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
            var claims = new { aud = "https://storage.azure.com", iss = $"https://sts.windows.net/{Tenant}/", iat = now - 60, nbf = now - 60, exp = now + 3600, ver = "1.0" };
            return $"{Part(new { typ = "JWT", alg = "RS256" })}.{Part(claims)}.{Part("signature")}";
        }

        private static string Part(object value) => System.Buffers.Text.Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(value));

        private static HttpResponseMessage Json(HttpRequestMessage request, HttpStatusCode status, string content) =>
            new(status) { RequestMessage = request, Content = new StringContent(content, Encoding.UTF8, "application/json") };
    }
}
