using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Cpt.Kubernetes.Tests;

[UnsupportedOSPlatform("windows")]
public sealed class ExecPluginTests : IDisposable
{
    private const string V1 = "client.authentication.k8s.io/v1";
    private readonly string _directory = Directory.CreateTempSubdirectory("exec").FullName;
    private readonly PausesRecorded _time = new();

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData(V1)]
    [InlineData("client.authentication.k8s.io/v1beta1")]
    public async Task ATokenIsAskedForOnceWhileItIsGood(string version)
    {
        Plugin($$"""echo run >> runs; echo '{"apiVersion":"{{version}}","kind":"ExecCredential","status":{"token":"t"} }'""");
        var credentials = Credentials(version: version);

        Assert.Equal("Bearer t", await HeaderOf(credentials));
        Assert.Equal("Bearer t", await HeaderOf(credentials));
        Assert.Equal(1, Runs);
    }

    [Fact]
    public async Task ATokenThatIsAboutToExpireIsAskedForAnew()
    {
        var expires = _time.GetUtcNow().AddMinutes(5).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", System.Globalization.CultureInfo.InvariantCulture);
        Plugin($$"""echo run >> runs; echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"token":"t'$(wc -l < runs)'","expirationTimestamp":"{{expires}}"} }'""");
        var credentials = Credentials();

        Assert.Equal("Bearer t1", await HeaderOf(credentials));
        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.Equal("Bearer t1", await HeaderOf(credentials));
        _time.Advance(TimeSpan.FromSeconds(55));
        Assert.Equal("Bearer t2", await HeaderOf(credentials));
    }

    [Fact]
    public async Task ATokenTheServerRefusesIsAskedForAnewAndTheCallIsMadeAgain()
    {
        Plugin($$"""echo run >> runs; echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"token":"t'$(wc -l < runs)'"} }'""");
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context =>
        {
            context.Response.StatusCode = context.Request.Headers.Authorization == "Bearer t2" ? 201 : 401;
            return context.Response.WriteAsync("""{"metadata":{}}""");
        };
        using var client = server.CreateClient(credentials: Credentials());

        await client.CreateAsync(Widget.Named("a", "ns"));

        Assert.Equal(2, Runs);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task ARefusalThatStaysIsThrown()
    {
        Plugin($$"""echo run >> runs; echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"token":"bad"} }'""");
        await using var server = await LocalServer.StartAsync();
        server.Answer(401).Answer(401);
        using var client = server.CreateClient(credentials: Credentials());
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, (await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"))).Code);
        Assert.Equal(2, Runs);
    }

    [Fact]
    public async Task OneRunServesAllWhoWait()
    {
        Plugin($$"""echo run >> runs; echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"token":"t"} }'""");
        var credentials = Credentials();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => HeaderOf(credentials)));
        Assert.Equal(1, Runs);
    }

    [Fact]
    public async Task ThePluginIsToldWhatItIsFor()
    {
        Plugin($$"""printf '%s' "$KUBERNETES_EXEC_INFO" > info; printf '%s|' "$0" "$@" "$EXTRA" > call; echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"token":"t"} }'""");
        await HeaderOf(Credentials("args: [get, 'a b'], env: [{name: EXTRA, value: x}], provideClusterInfo: true, interactiveMode: Never"));

        Assert.Equal($"{_directory}/plugin|get|a b|x|", File.ReadAllText(Path.Combine(_directory, "call")));
        var info = JsonNode.Parse(File.ReadAllText(Path.Combine(_directory, "info")))!;
        Assert.Equal((V1, "ExecCredential"), ((string)info["apiVersion"]!, (string)info["kind"]!));
        Assert.False((bool)info["spec"]!["interactive"]!);
        Assert.Equal("https://h:6443", (string)info["spec"]!["cluster"]!["server"]!);
        Assert.Equal("""{"audience":"me","level":3}""", info["spec"]!["cluster"]!["config"]!.ToJsonString());
    }

    [Fact]
    public async Task ACertificateMayBePrinted()
    {
        var (certificate, key) = TestPki.Client("ann");
        var printed = new JsonObject
        {
            ["apiVersion"] = V1,
            ["kind"] = "ExecCredential",
            ["status"] = new JsonObject { ["clientCertificateData"] = certificate, ["clientKeyData"] = key },
        };
        File.WriteAllText(Path.Combine(_directory, "printed"), printed.ToJsonString());
        Plugin("cat printed");
        Assert.Equal("CN=ann", (await Credentials().GetAsync(default)).Certificate!.Context.TargetCertificate.Subject);
    }

    public static TheoryData<string, string> Failures => new()
    {
        { "echo no login >&2; exit 3", "plugin ended with exit code 3: no login" },
        { "echo not json", "printed no ExecCredential" },
        { """echo '{"apiVersion":"client.authentication.k8s.io/v1alpha1","kind":"ExecCredential","status":{"token":"t"} }'""", "printed client.authentication.k8s.io/v1alpha1 ExecCredential; " + V1 + " ExecCredential is expected" },
        { $$"""echo '{"apiVersion":"{{V1}}","kind":"ExecCredential","status":{"clientCertificateData":"x"} }'""", "without status.token, and without both" },
    };

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task APluginThatFailsIsNamedWithWhatItSaid(string script, string message)
    {
        Plugin(script);
        Assert.Contains(message, (await Assert.ThrowsAsync<KubeconfigException>(() => HeaderOf(Credentials()))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APluginThatIsNotInstalledComesWithItsHint()
    {
        var thrown = await Assert.ThrowsAsync<KubeconfigException>(() => HeaderOf(Credentials("installHint: 'Get it from example.com'", command: "cpt-no-such-plugin")));
        Assert.Contains("users[u].exec.command: cpt-no-such-plugin cannot be started", thrown.Message, StringComparison.Ordinal);
        Assert.EndsWith("\nGet it from example.com", thrown.Message, StringComparison.Ordinal);
    }

    private int Runs => File.ReadAllLines(Path.Combine(_directory, "runs")).Length;

    private void Plugin(string script)
    {
        var path = Path.Combine(_directory, "plugin");
        File.WriteAllText(path, $"#!/bin/bash\ncd '{_directory}'\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private ClusterCredentials Credentials(string more = "interactiveMode: Never", string version = V1, string command = "./plugin")
    {
        var path = Path.Combine(_directory, "config");
        File.WriteAllText(path, $$"""
            current-context: x
            contexts: [{name: x, context: {cluster: c, user: u} }]
            clusters:
            - name: c
              cluster:
                server: https://h:6443
                extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: me, level: 3} }]
            users: [{name: u, user: {exec: { apiVersion: {{version}}, command: {{command}}, {{more}} } } }]
            """);
        return Kubeconfig.Read(path).ToClusterConfig(time: _time).Credentials;
    }

    private static async Task<string?> HeaderOf(ClusterCredentials credentials) => (await credentials.GetAsync(default)).Authorization?.ToString();
}
