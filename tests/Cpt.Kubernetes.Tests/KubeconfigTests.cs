using System.Text;

namespace Cpt.Kubernetes.Tests;

public sealed class KubeconfigTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("kubeconfig").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void OfTwoFilesTheFirstOnesEntriesAndCurrentContextStand()
    {
        var one = Write("one", """
            current-context: a
            contexts: [{name: a, context: {cluster: c, user: u, namespace: ml}}]
            clusters: [{name: c, cluster: {server: "https://one:6443"}}]
            """);
        var two = Write("two", """
            current-context: b
            contexts: [{name: a, context: {cluster: d}}, {name: b, context: {cluster: d}}]
            clusters: [{name: c, cluster: {server: "https://two:6443"}}, {name: d, cluster: {server: "https://three:6443"}}]
            users: [{name: u, user: {token: t}}]
            """);
        var merged = Kubeconfig.ReadMerged([one, Path.Combine(_directory, "absent"), two]);

        Assert.Equal("a", merged.CurrentContext);
        Assert.Equal(["a", "b"], merged.Contexts.Order());
        var config = merged.ToClusterConfig();
        Assert.Equal(("https://one:6443/", "ml"), (config.Server.ToString(), config.Namespace));
        Assert.Equal("https://three:6443/", merged.ToClusterConfig("b").Server.ToString());
    }

    [Fact]
    public async Task AUserOfALaterFileServesAContextOfAnEarlierOne()
    {
        var one = Write("one", "{current-context: a, contexts: [{name: a, context: {cluster: c, user: u}}], clusters: [{name: c, cluster: {server: 'https://h'}}]}");
        var two = Write("two", "users: [{name: u, user: {token: t}}]");
        Assert.Equal("Bearer t", await HeaderOf(Kubeconfig.ReadMerged([one, two]).ToClusterConfig()));
    }

    [Fact]
    public async Task ATokenOfDigitsIsText() => Assert.Equal("Bearer 0123", await HeaderOf(Config("user: {token: 0123}")));

    [Fact]
    public async Task ATokenFileLiesBesideTheKubeconfigAndGoesBeforeAToken()
    {
        Write("token", "from-file\n");
        Assert.Equal("Bearer from-file", await HeaderOf(Config("user: {token: inline, tokenFile: token}")));
    }

    [Fact]
    public async Task UserAndPasswordAreBasic() =>
        Assert.Equal("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("ann:päss")), await HeaderOf(Config("user: {username: ann, password: päss}")));

    [Fact]
    public void ClusterSettingsAreTakenOver()
    {
        var config = Config("user: {as: ann, as-groups: [dev]}", cluster: "server: https://h:1/p, insecure-skip-tls-verify: true, tls-server-name: other, proxy-url: socks5://p:1080");
        Assert.True(config.SkipTlsVerify);
        Assert.Equal(("other", "socks5://p:1080/"), (config.TlsServerName, config.Proxy!.ToString()));
        Assert.Equal(("ann", "dev"), (config.Impersonate!.User, config.Impersonate.Group));
    }

    [Fact]
    public void NoProxyIsTakenFromTheEnvironment() => Assert.Null(Config("user: {}").Proxy);

    public static TheoryData<string, string, string> Mistakes => new()
    {
        { "user: {client-certificate: a.crt}", "server: https://h", "users[u]: client-certificate is set without client-key" },
        { "user: {client-key-data: aGk=}", "server: https://h", "users[u]: client-key is set without client-certificate" },
        { "user: {auth-provider: {name: gcp}}", "server: https://h", "users[u].auth-provider is no longer a part of Kubernetes; use exec" },
        { "user: {exec: {command: x}}", "server: https://h", "users[u].exec.apiVersion: \"\" is not one of client.authentication.k8s.io/v1, client.authentication.k8s.io/v1beta1" },
        { "user: {exec: {apiVersion: client.authentication.k8s.io/v1}}", "server: https://h", "users[u].exec.command is missing" },
        { "user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: x, interactiveMode: Often}}", "server: https://h", "\"Often\" is not one of Never, IfAvailable, Always" },
        { "user: {as: ann, as-groups: [a, b]}", "server: https://h", "users[u].as-groups: 2 values (a, b); at most one can be sent" },
        { "user: {}", "server: h:6443", "clusters[c].server: \"h:6443\" is not a URL like https://host:6443" },
        { "user: {}", "server: https://h, proxy-url: ftp://p", "clusters[c].proxy-url: \"ftp://p\" is not a URL" },
        { "user: {}", "server: https://h, certificate-authority-data: '***'", "clusters[c].certificate-authority-data is not base64" },
        { "user: {}", "server: https://h, certificate-authority-data: aGk=", "holds no certificate" },
        { "user: {}", "server: https://h, certificate-authority: absent.crt", "absent.crt cannot be read" },
        { "user: {}", "server: [https://h]", "clusters[0].cluster.server is not what a kubeconfig has there" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public void AMistakeNamesFileFieldAndWhatIsRight(string user, string cluster, string message)
    {
        var thrown = Assert.Throws<KubeconfigException>(() => Config(user, cluster));
        Assert.Contains(message, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(_directory, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ABrokenCertificateNamesTheField()
    {
        var broken = Convert.ToBase64String("hi"u8);
        var config = Config($"user: {{client-certificate-data: {broken}, client-key-data: {broken}}}");
        var thrown = await Assert.ThrowsAsync<KubeconfigException>(async () => await config.Credentials.GetAsync(default));
        Assert.Contains("users[u].client-certificate: not a PEM certificate with its key", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnknownContextNamesTheKnownOnes()
    {
        var path = Write("config", "{contexts: [{name: dev, context: {}}, {name: prod, context: {}}]}");
        Assert.Contains("context \"test\" does not exist; there are: dev, prod", Assert.Throws<KubeconfigException>(() => Kubeconfig.Read(path).ToClusterConfig("test")).Message, StringComparison.Ordinal);
        Assert.Contains("current-context is not set; contexts are: dev, prod", Assert.Throws<KubeconfigException>(() => Kubeconfig.Read(path).ToClusterConfig()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatIsNotYamlIsShownWithItsLine()
    {
        var path = Write("config", "a: 1\nb: [");
        Assert.Contains($"{path}:", Assert.Throws<KubeconfigException>(() => Kubeconfig.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void FilesThatAreAllMissingAreAnError() =>
        Assert.Contains("no such file", Assert.Throws<KubeconfigException>(() => Kubeconfig.ReadMerged([Path.Combine(_directory, "a"), Path.Combine(_directory, "b")])).Message, StringComparison.Ordinal);

    [Fact]
    public void WhereToLookIsSaidByTheArgumentThenByTheEnvironment()
    {
        var one = Write("one", "{current-context: a, contexts: [{name: a, context: {cluster: c} }], clusters: [{name: c, cluster: {server: 'https://one'} }]}");
        var two = Write("two", "{current-context: a, contexts: [{name: a, context: {cluster: c} }], clusters: [{name: c, cluster: {server: 'https://two'} }]}");
        var before = Environment.GetEnvironmentVariable("KUBECONFIG");
        try
        {
            Environment.SetEnvironmentVariable("KUBECONFIG", one);
            Assert.Equal("one", ClusterConfig.Load().Server.Host);
            Assert.Equal("two", ClusterConfig.Load(two).Server.Host);
        }
        finally
        {
            Environment.SetEnvironmentVariable("KUBECONFIG", before);
        }
    }

    [Fact]
    public void APodsAddressMayBeOfTheNewKind()
    {
        Write("token", "t");
        Write("namespace", "ml\n");
        File.WriteAllText(Path.Combine(_directory, "ca.crt"), TestPki.Authority("ca").ExportCertificatePem());
        var config = InClusterConfig.Load(_directory, "fd00::1", "443");
        Assert.Equal(("https://[fd00::1]/", "ml"), (config.Server.ToString(), config.Namespace));
    }

    [Fact]
    public void APodWithoutATokenIsToldSo() =>
        Assert.Contains("automountServiceAccountToken", Assert.Throws<KubeconfigException>(() => InClusterConfig.Load(_directory, "10.0.0.1", "443")).Message, StringComparison.Ordinal);

    private ClusterConfig Config(string user, string cluster = "server: https://h") => Kubeconfig.Read(Write("config", $$"""
        current-context: x
        contexts: [{name: x, context: {cluster: c, user: u} }]
        clusters: [{name: c, cluster: { {{cluster}} } }]
        users:
        - name: u
          {{user}}
        """)).ToClusterConfig();

    private string Write(string name, string text)
    {
        var path = Path.Combine(_directory, name);
        File.WriteAllText(path, text);
        return path;
    }

    private static async Task<string?> HeaderOf(ClusterConfig config) => (await config.Credentials.GetAsync(default)).Authorization?.ToString();
}
