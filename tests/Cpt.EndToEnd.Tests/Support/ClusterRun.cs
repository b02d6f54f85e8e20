using System.Text.Json.Nodes;
using Cpt.Tests.Cluster;

namespace Cpt.EndToEnd.Tests;

/// <summary>A ContinualRun on the cluster, seen as a user sees it: through kubectl.</summary>
internal sealed class ClusterRun(Kubectl kubectl, string ns, string name)
{
    private static readonly HttpClient s_http = new() { Timeout = TimeSpan.FromSeconds(5) };

    public string Namespace => ns;

    public string Name => name;

    public static async Task<ClusterRun> ApplyAsync(Kubectl kubectl, string ns, string name, string manifest)
    {
        await kubectl.OutputAsync(["apply", "--server-side", "-n", ns, "-f", "-"], manifest, TestContext.Current.CancellationToken);
        return new(kubectl, ns, name);
    }

    public async Task<JsonNode> GetAsync() => JsonNode.Parse(await kubectl.OutputAsync(["get", "crun", name, "-n", ns, "-o", "json"]))!;

    /// <returns>The run, once the condition holds.</returns>
    public Task<JsonNode> UntilAsync(string what, Func<JsonNode, bool> condition) => Patience.UntilAsync(
        $"run {ns}/{name}: {what}",
        async () => await GetAsync() is var run && condition(run) ? run : null,
        DescribeAsync);

    /// <summary>What a person would look at.</summary>
    public async Task<string> DescribeAsync()
    {
        var texts = new List<string>();
        foreach (string[] command in (string[][])[["describe", "crun", name, "-n", ns], ["get", "jobs,pods", "-n", ns, "-o", "wide"], ["logs", "-n", "cpt-system", "-l", "app.kubernetes.io/name=cpt-operator", "--tail=30", "--prefix"]])
        {
            var said = await kubectl.RunAsync(command);
            texts.Add($"\n$ kubectl {string.Join(' ', command)}\n{said.Output}{said.Error}");
        }

        return string.Concat(texts);
    }

    /// <summary>Until it succeeds; a run that fails fails the test at once, with what it said.</summary>
    public async Task<JsonNode> SucceededAsync()
    {
        var run = await UntilAsync("has ended", run => Ended(run) is not null);
        Assert.True(Ended(run) == "True", await DescribeAsync());
        return run;
    }

    /// <summary>Until a stage has committed a checkpoint and goes on: what comes now hits it in its middle. The trainer is asked itself, since the run's status is some seconds behind.</summary>
    /// <returns>Its pod.</returns>
    public Task<JsonNode> InTheMiddleOfAsync(string stage) => Patience.UntilAsync(
        $"run {ns}/{name}: is in the middle of stage {stage}",
        async () =>
        {
            var run = await GetAsync();
            if (Ended(run) is { } end || (string?)Stage(run, stage)?["state"] == "Succeeded")
            {
                throw new Xunit.Sdk.XunitException($"Stage {stage} was over before it was seen in its middle: {await DescribeAsync()}");
            }

            foreach (var pod in (await PodsAsync(stage)).Where(pod => (string?)pod["status"]?["phase"] == "Running" && pod["metadata"]!["deletionTimestamp"] is null))
            {
                var progress = JsonNode.Parse(await s_http.GetStringAsync(new Uri($"http://{(string?)pod["status"]!["podIP"]}:9400/progress")))!;
                if ((int?)progress["checkpointStep"] > 0 && (int?)progress["step"] < (int?)progress["steps"])
                {
                    return pod;
                }
            }

            return null;
        },
        DescribeAsync);

    public async Task<IReadOnlyList<JsonNode>> JobsAsync(string? stage = null) => Items(await kubectl.OutputAsync(
        ["get", "jobs", "-n", ns, "-l", $"cpt.dev/run={name}" + (stage is null ? "" : $",cpt.dev/stage={stage}"), "-o", "json"]));

    public async Task<IReadOnlyList<JsonNode>> PodsAsync(string? stage = null) => Items(await kubectl.OutputAsync(
        ["get", "pods", "-n", ns, "-l", $"cpt.dev/run={name}" + (stage is null ? "" : $",cpt.dev/stage={stage}"), "-o", "json"]));

    public static JsonNode? Stage(JsonNode run, string stage) => run["status"]?["stages"]?.AsArray().FirstOrDefault(at => (string?)at!["name"] == stage);

    /// <returns>Digest of each stage's checkpoint, in the order of the chain.</returns>
    public static IReadOnlyList<string?> Digests(JsonNode run) => [.. run["status"]!["stages"]!.AsArray().Select(stage => (string?)stage!["checkpointDigest"])];

    /// <summary>The condition Succeeded, once it is known.</summary>
    public static string? Ended(JsonNode run) => run["status"]?["conditions"]?.AsArray()
        .Where(condition => (string?)condition!["type"] == "Succeeded")
        .Select(condition => (string?)condition!["status"])
        .FirstOrDefault(status => status is "True" or "False");

    public static int Attempts(JsonNode run, string stage) => (int?)Stage(run, stage)?["attempts"] ?? 0;

    private static IReadOnlyList<JsonNode> Items(string list) => [.. JsonNode.Parse(list)!["items"]!.AsArray().Select(item => item!)];
}
