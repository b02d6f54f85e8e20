using System.Text;
using System.Text.Json.Nodes;
using Cpt.EndToEnd.Tests.Faults;

namespace Cpt.EndToEnd.Tests;

/// <summary>What the pods of a real run may do, and what they give away.</summary>
[Trait("Category", "E2E")]
[Collection(nameof(InstalledCluster))]
public sealed class SecurityTests(InstalledCluster cluster)
{
    [Fact]
    public async Task PodsFitTheRestrictedProfileAndGiveNoSecretAway()
    {
        await cluster.StartAsync();
        var run = await FaultRun.StartAsync(cluster.Kubectl, await cluster.NamespaceAsync("security"), "security");
        var trainer = await run.InTheMiddleOfAsync(FaultRun.Refine);

        // As the API server has them, with everything that it filled in.
        var operators = await ItemsAsync("pods", "-n", InstalledCluster.OperatorNamespace);
        var addons = await ItemsAsync("pods", "-n", InstalledCluster.AddonNamespace);
        Assert.Equal(2, operators.Count);
        Assert.All([trainer, .. operators, .. addons], pod => Assert.Empty(RestrictedPods.Violations(pod.AsObject())));

        // A trainer has no token, and no process of its own account could read anything.
        Assert.DoesNotContain(trainer["spec"]!["volumes"]!.AsArray(), volume => volume!["secret"] is not null || volume["projected"] is not null);
        Assert.False((bool)trainer["spec"]!["automountServiceAccountToken"]!);
        await MayReadNothingAsync(run.Namespace, (string)trainer["spec"]!["serviceAccountName"]!);

        var logs = new StringBuilder(await cluster.Kubectl.OutputAsync(["logs", "-n", run.Namespace, (string)trainer["metadata"]!["name"]!]));
        var metrics = await MetricsAsync(trainer, 9400);
        foreach (var pod in operators)
        {
            logs.Append(await cluster.Kubectl.OutputAsync(["logs", "-n", InstalledCluster.OperatorNamespace, (string)pod["metadata"]!["name"]!]));
            metrics += await MetricsAsync(pod, 8080);
        }

        await run.SucceededAsync();
        var objects = await cluster.Kubectl.OutputAsync(["get", "continualruns,jobs,pods,events,services,configmaps,leases,deployments", "-A", "-o", "json", "--show-managed-fields"]);
        var key = cluster.ConnectionString.Split("AccountKey=")[1].Split(';')[0];
        Assert.True(key.Length > 40, key);
        Assert.DoesNotContain(key, objects, StringComparison.Ordinal);
        Assert.DoesNotContain(key, logs.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(key, metrics, StringComparison.Ordinal);
        Assert.Contains("cpt_train_loss", metrics, StringComparison.Ordinal);
        Assert.Contains("cpt_runs", metrics, StringComparison.Ordinal);
    }

    private async Task MayReadNothingAsync(string ns, string account)
    {
        // Everybody may ask what they may, and which API there is.
        var list = await cluster.Kubectl.OutputAsync(["auth", "can-i", "--list", "-n", ns, $"--as=system:serviceaccount:{ns}:{account}", "--no-headers"]);
        var resources = list.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => !line.StartsWith(' ')).Select(line => line.Split(' ')[0]).ToList();
        Assert.Equal(["selfsubjectaccessreviews.authorization.k8s.io", "selfsubjectrulesreviews.authorization.k8s.io"], resources.Order(StringComparer.Ordinal));

        // And by a request, with a token that was made for it.
        var request = new JsonObject { ["apiVersion"] = "authentication.k8s.io/v1", ["kind"] = "TokenRequest", ["spec"] = new JsonObject { ["expirationSeconds"] = 600 } };
        var token = (string)JsonNode.Parse(await cluster.Kubectl.OutputAsync(["create", "--raw", $"/api/v1/namespaces/{ns}/serviceaccounts/{account}/token", "-f", "-"], request.ToJsonString()))!["status"]!["token"]!;
        var server = (await cluster.Kubectl.OutputAsync(["config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}"])).Trim();
        foreach (var path in (string[])[$"api/v1/namespaces/{ns}/secrets/{InstalledCluster.StorageSecret}", $"api/v1/namespaces/{ns}/pods", $"apis/cpt.dev/v1alpha1/namespaces/{ns}/continualruns", "api/v1/nodes"])
        {
            var answer = (await Program.RunAsync(
                "curl", ["--silent", "--noproxy", "*", "--cacert", Path.Combine(cluster.Directory, "pki", "ca.crt"), "--header", "Authorization: Bearer " + token, $"{server}/{path}"])).Succeeded();
            Assert.Equal(403, (int)JsonNode.Parse(answer)!["code"]!);
        }
    }

    private async Task<IReadOnlyList<JsonNode>> ItemsAsync(params string[] what) =>
        [.. JsonNode.Parse(await cluster.Kubectl.OutputAsync(["get", .. what, "-o", "json"]))!["items"]!.AsArray().Select(item => item!)];

    private static async Task<string> MetricsAsync(JsonNode pod, int port)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri($"http://{(string)pod["status"]!["podIP"]!}:{port}/metrics"));
    }
}
