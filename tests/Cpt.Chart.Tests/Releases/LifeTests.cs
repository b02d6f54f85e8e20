namespace Cpt.Chart.Tests.Releases;

/// <summary>What a platform engineer does in the years of a release, by the commands that they type.</summary>
[Trait("Category", "Cluster")]
[Collection(nameof(Release))]
public sealed class LifeTests(ChartClusters clusters)
{
    private const string Crd = "continualruns.cpt.dev";

    [Fact]
    public async Task AReleaseIsInstalledUpgradedRolledBackAndUninstalledAndRunsStay()
    {
        await using var release = await Release.PrepareAsync(clusters);

        await release.InstallAsync();
        Assert.Equal("2", await release.ReadAsync("deployment", "cpt-operator", ".spec.replicas"));
        await release.CreateRunAsync("mine");

        await release.UpgradeAsync(Helm.Chart, "--set", "replicaCount=3,workers=8");
        Assert.Equal("3", await release.ReadAsync("deployment", "cpt-operator", ".spec.replicas"));
        Assert.Equal("8", await release.ReadAsync("deployment", "cpt-operator", ".spec.template.spec.containers[0].env[?(@.name=='CPT_WORKERS')].value"));

        await release.HelmAsync("rollback", "cpt-operator", "1");
        Assert.Equal("2", await release.ReadAsync("deployment", "cpt-operator", ".spec.replicas"));

        await release.HelmAsync("uninstall", "cpt-operator");
        Assert.Equal("", await release.ReadAsync("deployment", "cpt-operator", ".metadata.name"));
        Assert.Equal("", await release.ReadAsync("clusterrole", "cpt-operator-" + release.Namespace, ".metadata.name"));
        Assert.Equal(Crd, await release.ReadAsync("crd", Crd, ".metadata.name"));
        Assert.Contains("mine", await release.KubectlAsync("get", "crun", "--namespace", release.Runs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnInstallationTakesUpTheKindThatAnEarlierOneLeft()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync();
        await release.CreateRunAsync("mine");
        var kind = await release.ReadAsync("crd", Crd, ".metadata.uid");
        await release.HelmAsync("uninstall", "cpt-operator");

        await release.InstallAsync();

        Assert.Equal(kind, await release.ReadAsync("crd", Crd, ".metadata.uid"));
        Assert.Contains("mine", await release.KubectlAsync("get", "crun", "--namespace", release.Runs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReleaseOfAnotherNameTakesTheKindOverOnlyWhenAsked()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync();
        await release.HelmAsync("uninstall", "cpt-operator");

        var (exitCode, _, error) = await Helm.RunAsync(["install", "second", Helm.Chart, "--namespace", release.Namespace], release.Cluster);
        Assert.NotEqual(0, exitCode);
        Assert.Contains("""key "meta.helm.sh/release-name" must equal "second": current value is "cpt-operator""", error, StringComparison.Ordinal);

        await release.HelmAsync("install", "second", Helm.Chart, "--take-ownership");
        Assert.Equal("second", await release.ReadAsync("crd", Crd, ".metadata.annotations['meta\\.helm\\.sh/release-name']"));
        await release.HelmAsync("uninstall", "second");
    }

    [Fact]
    public async Task AnUpgradeBringsANewerKindAndARollbackTheOlderOne()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync();
        await release.CreateRunAsync("mine");
        const string Column = ".spec.versions[0].additionalPrinterColumns[?(@.name=='Novelty')].jsonPath";
        using var newer = ChartCopy.Make();
        await newer.ReplaceAsync("files/cpt.dev_continualruns.yaml", "    additionalPrinterColumns:\n", "    additionalPrinterColumns:\n    - name: Novelty\n      type: string\n      jsonPath: .status.novelty\n");
        await newer.ReplaceAsync("Chart.yaml", "version: 0.1.0\n", "version: 0.2.0\n");

        await release.UpgradeAsync(newer.Directory);
        Assert.Equal(".status.novelty", await release.ReadAsync("crd", Crd, Column));

        await release.HelmAsync("rollback", "cpt-operator");
        Assert.Equal("", await release.ReadAsync("crd", Crd, Column));
        Assert.Contains("mine", await release.KubectlAsync("get", "crun", "--namespace", release.Runs), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WithoutKeepTheKindGoesWithItsRelease()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync("--set", "crds.keep=false");

        await release.HelmAsync("uninstall", "cpt-operator");
        await Cpt.Operator.Tests.Cluster.Eventually.ThatAsync(async () => await release.ReadAsync("crd", Crd, ".metadata.name") == "");
    }

    [Fact]
    public async Task MonitorsComeWithTheFirstUpgradeAfterTheClusterKnowsThem()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync();
        foreach (var (kind, plural) in new[] { ("ServiceMonitor", "servicemonitors"), ("PodMonitor", "podmonitors") })
        {
            // Only the name of Prometheus Operator's kinds: its own definitions are of no concern here.
            await release.Cluster.Kubectl.OutputAsync(["apply", "-f", "-"], $$$"""
                apiVersion: apiextensions.k8s.io/v1
                kind: CustomResourceDefinition
                metadata: {name: {{{plural}}}.monitoring.coreos.com}
                spec:
                  group: monitoring.coreos.com
                  scope: Namespaced
                  names: {kind: {{{kind}}}, plural: {{{plural}}}}
                  versions:
                  - name: v1
                    served: true
                    storage: true
                    schema:
                      openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}
                """);
            await release.KubectlAsync("wait", "--for=condition=Established", "--timeout=60s", $"crd/{plural}.monitoring.coreos.com");
        }

        try
        {
            await release.UpgradeAsync(Helm.Chart);

            Assert.Equal("cpt-operator", await release.ReadAsync("servicemonitor", "cpt-operator", ".metadata.name"));
            Assert.Equal("cpt-operator-trainer", await release.ReadAsync("podmonitor", "cpt-operator-trainer", ".metadata.name"));
        }
        finally
        {
            await release.HelmAsync("uninstall", "cpt-operator");
            await release.KubectlAsync("delete", "crd", "servicemonitors.monitoring.coreos.com", "podmonitors.monitoring.coreos.com");
        }
    }

    [Theory]
    [InlineData]
    [InlineData("watchNamespace=RUNS", "progress=proxy", "networkPolicy.enabled=true", "networkPolicy.apiServerCIDRs={10.0.0.1/32,fd00::1/128}")]
    [InlineData("trainer.serviceAccount.namespaces={RUNS}", "volumes[0].claim=models", "volumes[0].namespace=ml", "networkPolicy.enabled=true", "cache.sizeLimit=1Gi", "replicaCount=1")]
    public async Task EveryObjectIsAcceptedByTheServer(params string[] values)
    {
        await using var release = await Release.PrepareAsync(clusters);
        var version = (await release.Client.GetVersionAsync()).GitVersion;
        string[] options = [.. values.SelectMany(value => new[] { "--set", value.Replace("RUNS", release.Runs, StringComparison.Ordinal) })];
        var rendered = await release.HelmAsync(["template", "cpt-operator", Helm.Chart, "--kube-version", version, .. options]);

        var accepted = await release.Cluster.Kubectl.OutputAsync(["apply", "--dry-run=server", "--validate=true", "-f", "-"], rendered);

        Assert.Equal(Yaml.Documents(rendered).Count, accepted.Split('\n', StringSplitOptions.RemoveEmptyEntries).Count(line => line.EndsWith("created (server dry run)", StringComparison.Ordinal)));
    }
}
