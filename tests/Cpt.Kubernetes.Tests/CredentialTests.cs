using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

/// <summary>Who one is, and whom one believes, against the real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class CredentialTests(ApiServer server) : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("credentials").FullName;
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_directory, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task APodsTokenIsRenewedUnderARunningClient()
    {
        await server.Client.CreateAsync(new ServiceAccount { Metadata = new() { Name = "pod", Namespace = _namespace } });
        await server.Cluster.KubectlAsync(default, "create", "rolebinding", "-n", _namespace, "pod", "--clusterrole=cluster-admin", $"--serviceaccount={_namespace}:pod");
        await MountAsync(await TokenAsync());
        using var client = Client();
        await Eventually.ThatAsync(async () => await IsRefusedAsync(client) is false);

        // Another account of the same name: the tokens of the first one are nobody's as soon as the server has forgotten them.
        var old = await File.ReadAllTextAsync(Path.Combine(_directory, "token"));
        await server.Client.DeleteAsync<ServiceAccount>("pod", _namespace);
        await server.Client.CreateAsync(new ServiceAccount { Metadata = new() { Name = "pod", Namespace = _namespace } });
        await MountAsync(await TokenAsync());
        using var left = new KubernetesClient(client.Cluster with { Credentials = ClusterCredentials.Token(old) });
        await Eventually.ThatAsync(() => IsRefusedAsync(left));

        // The client still holds the old one, is refused, reads the file and makes the call again.
        await client.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace } });
    }

    [Fact]
    public async Task ATokenThatTheServerDoesNotKnowIsUnauthorized()
    {
        await MountAsync("nonsense");
        using var client = Client();
        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync<ConfigMap>(new() { Namespace = _namespace }));
        Assert.Equal(StatusReason.Unauthorized, thrown.Reason);

        await server.Client.CreateAsync(new ServiceAccount { Metadata = new() { Name = "pod", Namespace = _namespace } });
        await MountAsync(await TokenAsync());
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.ListAsync<ConfigMap>(new() { Namespace = _namespace }))).IsForbidden);
    }

    [Fact]
    public async Task AReplacedCaIsTakenUpByTheNextConnection()
    {
        await MountAsync("nonsense");
        var authority = Path.Combine(_directory, "ca.crt");
        File.WriteAllText(authority, TestPki.Authority("other").ExportCertificatePem());
        using var client = Client();

        var refused = await Assert.ThrowsAsync<ApiUnreachableException>(() => client.GetVersionAsync());
        Assert.False(refused.IsTransient);

        File.Copy(Path.Combine(server.Cluster.Directory, "pki", "ca.crt"), authority, overwrite: true);
        Assert.Equal(StatusReason.Unauthorized, (await Assert.ThrowsAsync<KubernetesException>(() => client.GetVersionAsync())).Reason);
    }

    [Fact]
    public async Task AServerOfAnotherNameIsNotBelieved()
    {
        var config = ClusterConfig.Load(server.Cluster.Kubeconfig);
        using var wrong = new KubernetesClient(config with { TlsServerName = "example.com" });
        await Assert.ThrowsAsync<ApiUnreachableException>(() => wrong.GetVersionAsync());
        using var right = new KubernetesClient(config with { TlsServerName = "kubernetes.default.svc" });
        Assert.StartsWith("v1.", (await right.GetVersionAsync()).GitVersion, StringComparison.Ordinal);
        using var careless = new KubernetesClient(config with { CertificateAuthority = null, SkipTlsVerify = true });
        Assert.StartsWith("v1.", (await careless.GetVersionAsync()).GitVersion, StringComparison.Ordinal);
        using var trusting = new KubernetesClient(config with { CertificateAuthority = null });
        await Assert.ThrowsAsync<ApiUnreachableException>(() => trusting.GetVersionAsync());
    }

    [Fact]
    public async Task ACertificateMayStandInTheKubeconfigAndBeReplacedBesideIt()
    {
        var pki = Path.Combine(server.Cluster.Directory, "pki");
        var (certificate, key) = (Path.Combine(_directory, "client.crt"), Path.Combine(_directory, "client.key"));
        File.Copy(Path.Combine(pki, "kube-controller-manager.crt"), certificate);
        File.Copy(Path.Combine(pki, "kube-controller-manager.key"), key);
        using var beside = new KubernetesClient(Kubeconfig("{client-certificate: client.crt, client-key: client.key}"));
        Assert.Equal("system:kube-controller-manager", await RefusedUserAsync(beside));

        // Another certificate is another connection: the same client is somebody else from the next call on.
        File.Copy(Path.Combine(pki, "admin.crt"), certificate, overwrite: true);
        File.Copy(Path.Combine(pki, "admin.key"), key, overwrite: true);
        await beside.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace } });

        using var inline = new KubernetesClient(Kubeconfig(
            $"{{client-certificate-data: {Base64("kube-controller-manager.crt")}, client-key-data: {Base64("kube-controller-manager.key")}}}"));
        Assert.Equal("system:kube-controller-manager", await RefusedUserAsync(inline));

        string Base64(string name) => Convert.ToBase64String(File.ReadAllBytes(Path.Combine(pki, name)));
    }

    [Fact]
    public async Task OneMayActAsSomebodyElse()
    {
        using var client = new KubernetesClient(ClusterConfig.Load(server.Cluster.Kubeconfig) with { Impersonate = new("ann", Group: "dev") });
        Assert.Equal("ann", await RefusedUserAsync(client));
        await server.Cluster.KubectlAsync(default, "create", "rolebinding", "-n", _namespace, "dev", "--clusterrole=cluster-admin", "--group=dev");
        await Eventually.ThatAsync(async () => await IsRefusedAsync(client) is false);
    }

    private async Task<bool> IsRefusedAsync(KubernetesClient client)
    {
        try
        {
            await client.ListAsync<ConfigMap>(new() { Namespace = _namespace });
            return false;
        }
        catch (KubernetesException)
        {
            return true;
        }
    }

    /// <returns>Whom the server took the client for.</returns>
    private async Task<string> RefusedUserAsync(KubernetesClient client)
    {
        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => client.CreateAsync(new ConfigMap { Metadata = new() { Name = "a", Namespace = _namespace } }));
        Assert.True(thrown.IsForbidden);
        return thrown.Status.Message!.Split('"')[1];
    }

    private async Task<string> TokenAsync()
    {
        var answer = await server.Client.RawAsync(
            HttpMethod.Post, $"/api/v1/namespaces/{_namespace}/serviceaccounts/pod/token", JsonNode.Parse("""{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}"""));
        return (string)answer!["status"]!["token"]!;
    }

    /// <summary>What the kubelet mounts into a pod.</summary>
    private async Task MountAsync(string token)
    {
        await File.WriteAllTextAsync(Path.Combine(_directory, "token"), token);
        await File.WriteAllTextAsync(Path.Combine(_directory, "namespace"), _namespace);
        var authority = Path.Combine(_directory, "ca.crt");
        if (!File.Exists(authority))
        {
            File.Copy(Path.Combine(server.Cluster.Directory, "pki", "ca.crt"), authority);
        }
    }

    private KubernetesClient Client()
    {
        var url = ClusterConfig.Load(server.Cluster.Kubeconfig).Server;
        return new(InClusterConfig.Load(_directory, url.Host, url.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)));
    }

    private ClusterConfig Kubeconfig(string user)
    {
        var path = Path.Combine(_directory, "config");
        File.WriteAllText(path, $$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u} }]
            clusters: [{name: c, cluster: {server: "{{ClusterConfig.Load(server.Cluster.Kubeconfig).Server}}", certificate-authority: {{server.Cluster.Directory}}/pki/ca.crt} }]
            users: [{name: u, user: {{user}} }]
            """);
        return ClusterConfig.Load(path);
    }
}
