using System.Globalization;
using System.Text.Json.Nodes;

namespace Cpt.EndToEnd.Tests;

/// <summary>What docs/quickstart.md promises: an example applied to a cluster runs in pods to its end, and everything that a person looks at then shows it.</summary>
[Trait("Category", "E2E")]
[Collection(nameof(InstalledCluster))]
public sealed class QuickstartTests(InstalledCluster cluster)
{
    private const string Run = "cluster-quickstart";
    private const string Namespace = "default";

    [Fact]
    public async Task TheExampleRunsToItsEndAndItsCheckpointLoads()
    {
        await cluster.StartAsync();
        await cluster.Kubectl.OutputAsync(["apply", "--server-side", "-f", Path.Combine(Repository.Root, "examples", Run + ".yaml")]);
        var run = new ClusterRun(cluster.Kubectl, Namespace, Run);
        var ended = await run.SucceededAsync();
        Assert.Equal(["parity", "half", "residue"], ended["status"]!["stages"]!.AsArray().Select(stage => (string?)stage!["name"]));

        // The matrix: the base model's row and one a stage; what a stage has learned it can do.
        var rows = ended["status"]!["matrix"]!["rows"]!.AsArray();
        Assert.Equal(["", "parity", "half", "residue"], rows.Select(row => (string?)row!["after"] ?? ""));
        var last = ((string)rows[3]!["tasks"]!).Split(' ').Select(cell => double.Parse(cell, CultureInfo.InvariantCulture)).ToList();
        Assert.All(last, accuracy => Assert.InRange(accuracy, 50, 100));

        // The table that kubectl prints, and the plugin's.
        Assert.Matches($@"{Run}\s+True\s+AllStagesFinished\s+3/3", await cluster.Kubectl.OutputAsync(["get", "crun", Run, "-n", Namespace]));

        await PrometheusHoldsAsync($"cpt_run_average_accuracy{{namespace=\"{Namespace}\",run=\"{Run}\"}}", value => value is > 50 and <= 100 or > 0.5 and <= 1);
        await PrometheusHoldsAsync($"cpt_run_accuracy{{namespace=\"{Namespace}\",run=\"{Run}\",after_stage=\"residue\",task=\"parity\"}}", value => value > 0);
        await PrometheusHoldsAsync($"max_over_time(cpt_train_step{{run=\"{Run}\"}}[1h])", value => value > 0);

        var directory = System.IO.Directory.CreateTempSubdirectory("cpt-e2e-model-").FullName;
        try
        {
            var model = Path.Combine(directory, "model");
            var storage = new Dictionary<string, string> { ["AZURE_STORAGE_CONNECTION_STRING"] = cluster.ConnectionString, ["KUBECONFIG"] = cluster.Kubectl.Environment["KUBECONFIG"] };
            var cpt = Path.Combine(Repository.Root, "cpt");
            (await Program.RunAsync(cpt, ["kube", "export", Run, "-n", Namespace, "-o", model], storage)).Succeeded();
            var verified = await Program.RunAsync(cpt, ["model", "verify", "--model", model, "-o", "json"], storage);
            Assert.True(verified.ExitCode == 0, verified.ToString());
            Assert.True((bool)JsonNode.Parse(verified.Output)!["passed"]!);
        }
        finally
        {
            System.IO.Directory.Delete(directory, recursive: true);
        }
    }

    private Task PrometheusHoldsAsync(string query, Func<double, bool> condition) => Patience.UntilAsync($"Prometheus answers {query}", async () =>
    {
        using var http = new HttpClient { BaseAddress = cluster.Prometheus };
        var answer = JsonNode.Parse(await http.GetStringAsync(new Uri("/api/v1/query?query=" + Uri.EscapeDataString(query), UriKind.Relative)))!;
        return answer["data"]!["result"]!.AsArray().Any(series => condition(double.Parse((string)series!["value"]![1]!, CultureInfo.InvariantCulture)));
    });
}
