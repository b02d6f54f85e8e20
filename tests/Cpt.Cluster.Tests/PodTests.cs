using System.Text.Json.Nodes;

namespace Cpt.Cluster.Tests;

/// <summary>Pods run, end, and are ended as on any cluster.</summary>
[Trait("Category", "Node")]
public sealed class PodTests(Node node)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task APodRunsToItsEndAndItsLogIsKept()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("greeter", "echo hello from a pod"), Cancellation);
        await cluster.UntilAsync("greeter", "Succeeded");
        Assert.Equal("hello from a pod\n", await cluster.KubectlAsync(Cancellation, "logs", "greeter"));
    }

    [Fact]
    public async Task AContainerThatTakesMoreMemoryThanItsLimitIsKilledAndSaysSo()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("glutton", "tail /dev/zero", limits: "memory: 24Mi"), Cancellation);
        await cluster.UntilAsync("glutton", "Failed");
        var ended = (await cluster.ReadAsync("glutton"))!.Container()["state"]!["terminated"]!;
        Assert.Equal("OOMKilled", (string?)ended["reason"]);
        Assert.Equal(137, (int)ended["exitCode"]!);
    }

    [Fact]
    public async Task APodThatWritesMoreThanItsLimitIsEvicted()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("hoarder", "dd if=/dev/zero of=/tmp/hoard bs=1M count=24; sleep 600", limits: "ephemeral-storage: 8Mi"), Cancellation);
        await cluster.UntilAsync("hoarder", "Failed");
        Assert.Equal("Evicted", (string?)(await cluster.ReadAsync("hoarder"))!["status"]!["reason"]);
    }

    [Fact]
    public async Task ADeletedPodIsToldToStopAndGoes()
    {
        var cluster = await node.ClusterAsync();
        // It ends at the signal: one that waits for the grace period to pass would take its minute.
        var manifest = Pods.Running("polite", "trap \"exit 0\" TERM; while :; do sleep 0.1; done").Replace("terminationGracePeriodSeconds: 1", "terminationGracePeriodSeconds: 600", StringComparison.Ordinal);
        await cluster.ApplyAsync(manifest, Cancellation);
        await cluster.UntilAsync("polite", "Running");
        await cluster.KubectlAsync(Cancellation, "delete", "pod", "polite", "--wait=false");
        await Eventually.ThatAsync(async () => await cluster.ReadAsync("polite") is null);
    }

    [Fact]
    public async Task CommandsRunInAPodAndAreAnswered()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("shell", "sleep 600"), Cancellation);
        await cluster.UntilAsync("shell", "Running");
        Assert.Equal("42\n", await cluster.KubectlAsync(Cancellation, "exec", "shell", "--", "expr", "6", "*", "7"));
    }

    [Fact]
    public async Task APodCannotReachAnythingOutside()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("prisoner", "nc -w 5 192.0.2.1 80 </dev/null"), Cancellation);
        await cluster.UntilAsync("prisoner", "Failed");
        Assert.Contains("No route to host", await cluster.KubectlAsync(Cancellation, "logs", "prisoner"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ThisMachineReachesAPodAndAServiceAtTheirOwnAddresses()
    {
        var cluster = await node.ClusterAsync();
        await cluster.ApplyAsync(Pods.Running("web", "echo here >/tmp/index.html; exec httpd -f -p 8080 -h /tmp"), Cancellation);
        await cluster.KubectlAsync(Cancellation, "expose", "pod", "web", "--port=80", "--target-port=8080");
        await cluster.UntilAsync("web", "Running");
        var pod = (string)(await cluster.ReadAsync("web"))!["status"]!["podIP"]!;
        var service = await cluster.KubectlAsync(Cancellation, "get", "service", "web", "-o", "jsonpath={.spec.clusterIP}");
        Assert.Equal("here\n", await GetAsync(pod, 8080));
        Assert.Equal("here\n", await GetAsync(service, 80));

        // And a pod reaches itself through its Service, which needs the packet to turn round.
        Assert.Contains("here", await cluster.KubectlAsync(Cancellation, "exec", "web", "--", "sh", "-c", $"printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -w 5 {service} 80"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PodsFindServicesAndTheirPeersByName()
    {
        var cluster = await node.ClusterAsync();
        await cluster.KubectlAsync(Cancellation, "create", "service", "clusterip", "front", "--tcp=80:8080");
        var service = await cluster.KubectlAsync(Cancellation, "get", "service", "front", "-o", "jsonpath={.spec.clusterIP}");
        await cluster.KubectlAsync(Cancellation, "create", "service", "clusterip", "rank", "--clusterip=None");
        await cluster.ApplyAsync(Pods.Running("rank", "sleep 600").Replace("spec:", "spec:\n  hostname: zero\n  subdomain: rank", StringComparison.Ordinal), Cancellation);
        await cluster.UntilAsync("rank", "Running");
        var address = (string)(await cluster.ReadAsync("rank"))!["status"]!["podIP"]!;

        Task Finds(string name, string what) => Eventually.ThatAsync(async () =>
            (await cluster.Kubectl.RunAsync("exec", "rank", "--", "nslookup", name + ".default.svc.cluster.local")).Output.Contains("Address: " + what, StringComparison.Ordinal));
        await Finds("front", service);
        await Finds("rank", address);
        await Finds("zero.rank", address);
        Assert.Contains("NXDOMAIN", (await cluster.Kubectl.RunAsync("exec", "rank", "--", "nslookup", "nobody.default.svc.cluster.local")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PrometheusIsToldOfPodsThatAskForItForAsLongAsTheyRun()
    {
        var cluster = await node.ClusterAsync();
        var list = Path.Combine(cluster.Directory, "var", "lib", "cpt-volumes", "scrape", "pods.json");
        JsonNode? Target() => JsonNode.Parse(File.ReadAllText(list))!.AsArray().SingleOrDefault(target => (string?)target!["labels"]!["pod"] == "measured");
        var manifest = Pods.Running("measured", "sleep 600").Replace(
            "labels: { app: measured }",
            "labels: { app: measured, cpt.dev/run: digits, cpt.dev/stage: parity }\n  annotations: { prometheus.io/scrape: 'true', prometheus.io/port: '9400' }",
            StringComparison.Ordinal);
        await cluster.ApplyAsync(manifest, Cancellation);
        await Eventually.ThatAsync(() => File.Exists(list) && Target() is not null);
        var address = (string)(await cluster.ReadAsync("measured"))!["status"]!["podIP"]!;
        Assert.Equal(
            $$$"""{"targets":["{{{address}}}:9400"],"labels":{"namespace":"default","pod":"measured","__metrics_path__":"/metrics","cpt_dev_run":"digits","cpt_dev_stage":"parity"}}""",
            Target()!.ToJsonString());

        await cluster.KubectlAsync(Cancellation, "delete", "pod", "measured", "--wait=false");
        await Eventually.ThatAsync(() => Target() is null);
    }

    [Fact]
    public async Task TheAddOnsAreWhatTheApiServerTakes()
    {
        var cluster = await node.ClusterAsync();
        await cluster.KubectlAsync(Cancellation, "create", "namespace", "cpt-dev");
        var services = await cluster.KubectlAsync(Cancellation, "get", "service", "kubernetes", "-o", "jsonpath={.spec.clusterIP}");
        foreach (var addOn in Directory.EnumerateFiles(Path.Combine(Repository.Root, "eng", "cluster", "addons"), "*.yaml"))
        {
            var manifest = (await File.ReadAllTextAsync(addOn, Cancellation)).Replace("SERVICES.", services[..(services.LastIndexOf('.') + 1)], StringComparison.Ordinal);
            await cluster.Kubectl.OutputAsync(["apply", "--dry-run=server", "-f", "-"], manifest, Cancellation);
        }
    }

    /// <summary>Waits for the server, and for kube-proxy to have heard of it.</summary>
    private static async Task<string> GetAsync(string host, int port)
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false, ConnectTimeout = TimeSpan.FromSeconds(2) });
        var answer = "";
        await Eventually.ThatAsync(async () =>
        {
            try
            {
                answer = await http.GetStringAsync(new Uri($"http://{host}:{port}/"), Cancellation);
                return true;
            }
            catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
            {
                return false;
            }
        });
        return answer;
    }
}
