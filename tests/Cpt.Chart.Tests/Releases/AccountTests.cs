using System.Net;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Chart.Tests.Rights;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Cpt.Operator.Tests.Cluster;
using Cpt.StandIn;

namespace Cpt.Chart.Tests.Releases;

/// <summary>Who may do what once the chart is installed: the operator, trainers, and people.</summary>
[Trait("Category", "Cluster")]
[Collection(nameof(Release))]
public sealed class AccountTests(ChartClusters clusters)
{
    [Fact]
    public async Task TheInstalledOperatorCarriesARunOfAnyNamespaceThrough()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync("--set", "metrics.scrapeAnnotations=false");
        await release.RunsAreKnownAsOwnersAsync();
        await using var world = await ClusterWorld.OpenAsync(release.Cluster, release.Client, release.Runs, new Scenario(), playsControllers: false);
        var calls = new Calls();

        // The program with its pod's variables and its pod's account; only paths and port are this machine's.
        var container = JsonNode.Parse(await release.KubectlAsync("get", "deployment", "cpt-operator", "--namespace", release.Namespace, "--output", "json"))!["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var variables = container["env"]!.AsArray().ToDictionary(entry => (string)entry!["name"]!, entry => (string?)entry!["value"], StringComparer.Ordinal);
        await world.StartOperatorAsync(
            mine => OperatorOptions.Parse([], name => variables.GetValueOrDefault(name)) with { Listen = mine.Listen, Volumes = mine.Volumes, Bundle = mine.Bundle, Cache = mine.Cache, Meter = mine.Meter, ProgressPort = mine.ProgressPort },
            settings => settings.Client = settings.Client with { WrapHandler = calls.Recording },
            await release.Client.ActAsAsync(release.Namespace, "cpt-operator"));
        await world.CreateAsync(world.Run());

        await world.WaitForAsync(Reasons.AllStagesFinished);
        Assert.Empty(calls.Refused);
        var lease = await release.Client.GetAsync<Lease>("cpt-operator", release.Namespace);
        Assert.NotEmpty(lease.Spec.HolderIdentity!);
        Assert.All(await world.JobsAsync(), job => Assert.Equal((string?)container["env"]!.AsArray().Single(entry => (string?)entry!["name"] == "CPT_TRAINER_IMAGE")!["value"], job.Spec.Template.Spec.Containers[0].Image));
    }

    [Fact]
    public async Task ATeamInstallsIntoItsNamespacesWhatNeedsNoMoreThanItsOwnRights()
    {
        await using var release = await Release.PrepareAsync(clusters);
        foreach (var @namespace in new[] { release.Namespace, release.Runs })
        {
            await release.KubectlAsync("create", "rolebinding", "team", "--clusterrole", "admin", "--user", "team-lead", "--namespace", @namespace);
        }

        string[] values = ["--set", $"watchNamespace={release.Runs},crds.install=false,rbac.aggregate=false"];
        var asTeam = new[] { "install", "cpt-operator", Helm.Chart, "--namespace", release.Namespace, "--kube-as-user", "team-lead" }.Concat(values).ToList();

        // Nobody may give away rights that they do not have themselves.
        var refused = await Helm.RunAsync(asTeam, release.Cluster);
        Assert.NotEqual(0, refused.ExitCode);
        Assert.Contains("is attempting to grant RBAC permissions not currently held", refused.Error, StringComparison.Ordinal);
        await release.HelmAsync("uninstall", "cpt-operator");

        // So somebody with more rights applies kind and roles once.
        await release.KubectlAsync("apply", "--validate=false", "-f", Path.Combine(Helm.Chart, "files", "cpt.dev_continualruns.yaml"));
        var roles = await release.HelmAsync(["template", "cpt-operator", Helm.Chart, "--show-only", "templates/rbac.yaml", .. values]);
        await release.Cluster.Kubectl.OutputAsync(["apply", "-f", "-"], roles);
        var installed = await Helm.RunAsync([.. asTeam, "--set", "rbac.create=false"], release.Cluster);

        Assert.True(installed.ExitCode == 0, installed.Error);
        using var account = new KubernetesClient(await release.Client.ActAsAsync(release.Namespace, "cpt-operator"));
        await Eventually.ThatAsync(() => account.MayAsync(new Right("batch", "jobs", "create"), release.Runs));
        Assert.False(await account.MayAsync(new Right("batch", "jobs", "create"), release.Namespace));
        Assert.True(await account.MayAsync(new Right("coordination.k8s.io", "leases", "patch"), release.Namespace, "cpt-operator"));
    }

    [Fact]
    public async Task ATrainersTokenReadsNothing()
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync("--set", $"trainer.serviceAccount.namespaces={{{release.Runs}}}");
        await release.CreateRunAsync("mine");
        await release.KubectlAsync("create", "secret", "generic", "storage", "--namespace", release.Runs, "--from-literal=KEY=value");

        // Every account may ask what it may, and a few addresses that are no objects.
        var list = await release.KubectlAsync(
            "auth", "can-i", "--list", "--no-headers", "--namespace", release.Runs, "--as", $"system:serviceaccount:{release.Runs}:cpt-trainer", "--as-group", "system:serviceaccounts", "--as-group", "system:authenticated");
        var objects = list.Split('\n').Where(line => line.Length > 0 && line[0] != ' ').ToList();
        Assert.NotEmpty(objects);
        Assert.All(objects, line => Assert.Matches("^selfsubject[a-z]*reviews\\.auth[a-z]*\\.k8s\\.io ", line));
        Assert.All(list.Split('\n').Where(line => line.Length > 0).Except(objects), line => Assert.EndsWith("[get]", line.TrimEnd(), StringComparison.Ordinal));

        using var trainer = new KubernetesClient(await release.Client.ActAsAsync(release.Runs, "cpt-trainer"));
        foreach (var path in new[]
        {
            $"/api/v1/namespaces/{release.Runs}/secrets", $"/api/v1/namespaces/{release.Runs}/secrets/storage", $"/api/v1/namespaces/{release.Runs}/pods", $"/api/v1/namespaces/{release.Runs}/configmaps",
            $"/apis/batch/v1/namespaces/{release.Runs}/jobs", $"/apis/cpt.dev/v1alpha1/namespaces/{release.Runs}/continualruns/mine", "/api/v1/nodes", "/api/v1/namespaces",
        })
        {
            var refusal = await Assert.ThrowsAsync<KubernetesException>(() => trainer.RawAsync(HttpMethod.Get, path));
            Assert.Equal(HttpStatusCode.Forbidden, refusal.Code);
        }
    }

    [Theory]
    [InlineData("view", "get list watch", "create update patch delete deletecollection")]
    [InlineData("edit", "get list watch create update patch delete deletecollection", "")]
    [InlineData("admin", "get list watch create update patch delete deletecollection", "")]
    public async Task PeopleMayDoWithRunsWhatTheyMayDoWithOtherThingsOfTheirNamespace(string role, string may, string mayNot)
    {
        await using var release = await Release.PrepareAsync(clusters);
        await release.InstallAsync();
        await release.KubectlAsync("create", "rolebinding", "people", "--clusterrole", role, "--user", "someone", "--namespace", release.Runs);
        using var someone = new KubernetesClient(release.Client.Cluster with { Impersonate = new Impersonation("someone") });
        var runs = new Right("cpt.dev", "continualruns", "list");

        // The aggregate is made by a controller.
        await Eventually.ThatAsync(() => someone.MayAsync(runs, release.Runs));

        foreach (var (verbs, expected) in new[] { (may, true), (mayNot, false) })
        {
            foreach (var verb in verbs.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                Assert.Equal((verb, expected), (verb, await someone.MayAsync(runs with { Verb = verb }, release.Runs)));
            }
        }

        Assert.True(await someone.MayAsync(new Right("cpt.dev", "continualruns/status", "get"), release.Runs));
        Assert.False(await someone.MayAsync(new Right("cpt.dev", "continualruns/status", "patch"), release.Runs));
    }
}
