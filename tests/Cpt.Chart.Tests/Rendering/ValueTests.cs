using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Operator.Hosting;

namespace Cpt.Chart.Tests.Rendering;

/// <summary>What single values do, where a whole render would not say why.</summary>
public sealed class ValueTests
{
    private const string Monitoring = "--api-versions=monitoring.coreos.com/v1/ServiceMonitor,monitoring.coreos.com/v1/PodMonitor,monitoring.coreos.com/v1/PrometheusRule";

    [Fact]
    public async Task TheProgramUnderstandsEveryVariableOfItsPod()
    {
        var rendered = await Rendered.ByAsync("watchNamespace=ml", "progress=proxy", "log=text", "workers=7", "trainer.image=mine:1");
        var options = OperatorOptions.Parse([], name => rendered.Variable(name));

        Assert.Equal(("ml", "cpt-system", "cpt-operator", true), (options.Namespace, options.LeaseNamespace, options.LeaseName, options.LeaderElect));
        Assert.Equal((ProgressWay.Proxy, LogStyle.Text, 7, "mine:1", "cpt-trainer"), (options.Progress, options.Log, options.Workers, options.TrainerImage, options.TrainerServiceAccount));
        Assert.Equal(8080, options.Listen.Port);
        var port = Assert.Single(rendered.Container["ports"]!.AsArray())!;
        Assert.Equal((long)options.Listen.Port, (long)port["containerPort"]!);
        var known = OperatorOptions.Usage;
        Assert.All(rendered.Container["env"]!.AsArray().Select(entry => (string)entry!["name"]!).Where(name => name.StartsWith("CPT_", StringComparison.Ordinal)), name => Assert.Contains($"[{name}]", known, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AClaimIsMountedWhereTheOperatorLooksForIt()
    {
        var rendered = await Rendered.ByAsync("volumes[0].claim=models", "volumes[1].claim=ml-checkpoints", "volumes[1].name=checkpoints", "volumes[1].namespace=ml", "volumes[1].readOnly=true");

        var mounts = rendered.Container["volumeMounts"]!.AsArray().Select(mount => (string)mount!["mountPath"]!).ToList();
        Assert.Contains(rendered.Variable("CPT_VOLUMES") + "/models", mounts);
        Assert.Contains(rendered.Variable("CPT_VOLUMES") + "/ml/checkpoints", mounts);
    }

    [Fact]
    public async Task WithoutClaimsPvcIsRefusedRatherThanLookedForInAnEmptyDirectory() => Assert.Null((await Rendered.ByAsync()).Variable("CPT_VOLUMES"));

    [Fact]
    public async Task WhatIsWrittenGoesToVolumesOfThePodsOwn()
    {
        var rendered = await Rendered.ByAsync();

        var writable = rendered.Container["volumeMounts"]!.AsArray().Select(mount => (string)mount!["mountPath"]!).ToList();
        Assert.Equal(["/cache", "/tmp"], writable.Order(StringComparer.Ordinal));
        Assert.Equal("/cache", rendered.Variable("CPT_CACHE"));
        Assert.All(rendered.Pod["spec"]!["volumes"]!.AsArray(), volume => Assert.NotNull(volume!["emptyDir"]));
    }

    [Fact]
    public async Task ADigestWinsOverATag()
    {
        var digest = "sha256:" + new string('1', 64);

        Assert.Equal("localhost/cpt-operator:dev", (string?)(await Rendered.ByAsync("image.repository=localhost/cpt-operator", "image.tag=dev")).Container["image"]);
        Assert.Equal("localhost/cpt-operator@" + digest, (string?)(await Rendered.ByAsync("image.repository=localhost/cpt-operator", "image.tag=dev", "image.digest=" + digest)).Container["image"]);
    }

    [Fact]
    public async Task MonitorsAreMadeOnlyWhereTheClusterKnowsThemUnlessSomebodyInsists()
    {
        Assert.Equal(0, await CountAsync());
        Assert.Equal(2, await CountAsync(Monitoring));
        Assert.Equal(0, await CountAsync(Monitoring, "metrics.serviceMonitor.enabled=false", "metrics.podMonitor.enabled=false"));
        Assert.Equal(2, await CountAsync("metrics.serviceMonitor.enabled=true", "metrics.podMonitor.enabled=true"));

        static async Task<int> CountAsync(params string[] values) => (await Rendered.ByAsync(values)).Objects.Count(item => (string?)item["kind"] is "ServiceMonitor" or "PodMonitor");
    }

    [Fact]
    public async Task EveryRuleFileBecomesAPrometheusRuleAndEveryDashboardAConfigMap()
    {
        using var chart = ChartCopy.Make();
        await chart.WriteAsync("rules/mine.yaml", """
            groups:
            - name: mine
              rules:
              - alert: Mine
                expr: cpt_runs > 0
                annotations: {summary: 'Run {{ $labels.run }} has {{ $value | printf "%.1f" }} of them'}
            """);
        await chart.WriteAsync("dashboards/mine.json", """{"title":"{{run}}","uid":"mine","panels":[{"legendFormat":"{{ task }}"}]}""");
        var rendered = await Rendered.OfAsync(chart.Directory, Monitoring, "metrics.dashboards.namespace=monitoring");

        var rules = Directory.GetFiles(Path.Combine(chart.Directory, "rules"), "*.yaml");
        Assert.Equal(rules.Length, rendered.All("PrometheusRule").Count());
        foreach (var file in rules)
        {
            var made = rendered.One("PrometheusRule", "cpt-operator-" + Path.GetFileNameWithoutExtension(file))["spec"];
            var written = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)));
            Assert.Equal(Texts(written).Order(StringComparer.Ordinal), Texts(made).Order(StringComparer.Ordinal));
        }

        foreach (var file in Directory.GetFiles(Path.Combine(chart.Directory, "dashboards"), "*.json"))
        {
            var made = rendered.One("ConfigMap", "cpt-operator-dashboard-" + Path.GetFileNameWithoutExtension(file));
            Assert.Equal(("monitoring", "1"), ((string?)made["metadata"]!["namespace"], (string?)made["metadata"]!["labels"]!["grafana_dashboard"]));
            var written = JsonNode.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
            Assert.True(JsonNode.DeepEquals(written, JsonNode.Parse((string)made["data"]![Path.GetFileName(file)]!)));
        }

        // Whatever Prometheus and Grafana write in braces is still there.
        static IEnumerable<string> Texts(JsonNode? node) => node switch
        {
            JsonObject map => map.SelectMany(entry => Texts(entry.Value)),
            JsonArray list => list.SelectMany(Texts),
            _ => node is null ? [] : [node.ToString()],
        };
    }

    [Fact]
    public async Task OneReplicaHasNoBudgetThatWouldKeepItsNodeFromBeingDrained()
    {
        Assert.Empty((await Rendered.ByAsync("replicaCount=1")).All("PodDisruptionBudget"));
        Assert.Equal(1L, (long)(await Rendered.ByAsync()).One("PodDisruptionBudget")["spec"]!["minAvailable"]!);
    }

    [Fact]
    public async Task ANamespaceOnlyInstallationNeedsNoRightInTheClusterAtLarge()
    {
        var rendered = await Rendered.ByAsync("watchNamespace=ml", "crds.install=false", "rbac.aggregate=false");

        Assert.All(rendered.Objects, item => Assert.Contains((string?)item["metadata"]!["namespace"], new[] { "ml", "cpt-system" }));
        Assert.Equal("ml", rendered.Variable("CPT_NAMESPACE"));
    }

    [Fact]
    public async Task TrainersHaveAnAccountWithoutATokenWhereRunsLive()
    {
        var rendered = await Rendered.ByAsync("trainer.serviceAccount.namespaces={ml,vision}");

        var accounts = rendered.All("ServiceAccount").Where(item => Rendered.NameOf(item) == "cpt-trainer").ToList();
        Assert.Equal(["ml", "vision"], accounts.Select(account => (string?)account["metadata"]!["namespace"]));
        Assert.All(accounts, account => Assert.False((bool)account["automountServiceAccountToken"]!));
        Assert.Equal("cpt-trainer", rendered.Variable("CPT_TRAINER_SERVICE_ACCOUNT"));
        // Nobody binds anything to it.
        Assert.All(rendered.Objects.Where(item => ((string)item["kind"]!).EndsWith("Binding", StringComparison.Ordinal)), binding =>
            Assert.Equal("cpt-operator", (string?)Assert.Single(binding["subjects"]!.AsArray())!["name"]));
    }

    [Fact]
    public async Task WithoutANamespaceOfRunsTheOperatorNamesNoAccountThatDoesNotExist()
    {
        var rendered = await Rendered.ByAsync();

        Assert.Null(rendered.Variable("CPT_TRAINER_SERVICE_ACCOUNT"));
        Assert.Equal("theirs", (await Rendered.ByAsync("trainer.serviceAccount.create=false", "trainer.serviceAccount.name=theirs")).Variable("CPT_TRAINER_SERVICE_ACCOUNT"));
    }

    [Fact]
    public async Task TrainersAreKeptFromTheApiServerWhereItsAddressIsKnown()
    {
        var rendered = await Rendered.ByAsync("networkPolicy.enabled=true", "watchNamespace=ml", "networkPolicy.apiServerCIDRs={10.0.0.1/32}");

        var storage = rendered.One("NetworkPolicy", "cpt-operator-trainer")["spec"]!["egress"]!.AsArray().Single(rule => rule!["to"]?[0]?["ipBlock"] is not null)!;
        Assert.Equal(443L, (long)storage["ports"]![0]!["port"]!);
        Assert.Equal("10.0.0.1/32", (string?)storage["to"]![0]!["ipBlock"]!["except"]![0]);
    }

    [Fact]
    public async Task APolicyFitsThePodsThatTheOperatorMakes()
    {
        var rendered = await Rendered.ByAsync("networkPolicy.enabled=true", "watchNamespace=ml", "metrics.podMonitor.enabled=true");
        var template = Operator.Tests.A.JobOf(Operator.Tests.A.Run()).Spec.Template;

        foreach (var selector in new[] { rendered.One("NetworkPolicy", "cpt-operator-trainer")["spec"]!["podSelector"]!["matchLabels"]!, rendered.One("PodMonitor")["spec"]!["selector"]!["matchLabels"]! })
        {
            Assert.All(selector.AsObject(), label => Assert.Equal((string?)label.Value, template.Metadata!.Labels![label.Key]));
        }

        Assert.Contains(template.Spec.Containers[0].Ports!, port => port.Name == (string?)rendered.One("PodMonitor")["spec"]!["podMetricsEndpoints"]![0]!["port"]);
    }

    [Fact]
    public async Task TheNotesSayWhatToDoNext()
    {
        var notes = await Helm.OutputAsync(null, "install", "cpt-operator", Helm.Chart, "--namespace", "cpt-system", "--dry-run=client", "--set", "watchNamespace=ml");

        Assert.Contains("kubectl --namespace cpt-system rollout status deployment/cpt-operator", notes, StringComparison.Ordinal);
        Assert.Contains("kubectl --namespace ml get crun --watch", notes, StringComparison.Ordinal);
        Assert.Contains("cpt-trainer, made in: ml", notes, StringComparison.Ordinal);
        Assert.Contains("docs/platform.md", notes, StringComparison.Ordinal);
        Assert.True(File.Exists(Path.Combine(Repository.Root, "docs", "platform.md")));
    }

    [Fact]
    public async Task TheProbesAskWhatTheOperatorServes()
    {
        var container = (await Rendered.ByAsync()).Container;

        Assert.Equal("/healthz", (string?)container["livenessProbe"]!["httpGet"]!["path"]);
        Assert.Equal("/readyz", (string?)container["readinessProbe"]!["httpGet"]!["path"]);
        Assert.True(long.Parse("0" + (string?)container["env"]!.AsArray().Single(entry => (string?)entry!["name"] == "CPT_WORKERS")!["value"], CultureInfo.InvariantCulture) > 0);
    }
}
