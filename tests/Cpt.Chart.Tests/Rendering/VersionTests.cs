using System.Text.Json.Nodes;

namespace Cpt.Chart.Tests.Rendering;

/// <summary>One chart for servers of many years: what an old one does not know is not sent to it.</summary>
public sealed class VersionTests
{
    private const string Runs = "continualruns.cpt.dev";

    [Theory]
    [InlineData("1.20.0", "policy/v1beta1", false)]
    [InlineData("1.20.15-gke.1", "policy/v1beta1", false)]
    [InlineData("1.21.0", "policy/v1", false)]
    [InlineData("1.24.9", "policy/v1", false)]
    [InlineData("1.25.0", "policy/v1", true)]
    [InlineData("1.29.0", "policy/v1", true)]
    [InlineData("1.33.0", "policy/v1", true)]
    public async Task AServerGetsWhatItKnows(string version, string budget, bool rules)
    {
        var rendered = await Rendered.ByAsync("--kube-version=" + version);

        Assert.Equal(budget, (string?)rendered.One("PodDisruptionBudget")["apiVersion"]);
        Assert.Equal(rules, rendered.One("CustomResourceDefinition", Runs).ToJsonString().Contains("x-kubernetes-validations", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AServerThatIsTooOldIsRefused()
    {
        var (exitCode, _, error) = await Helm.RunAsync(["template", "cpt-operator", Helm.Chart, "--kube-version", "1.19.0"]);

        Assert.NotEqual(0, exitCode);
        Assert.Contains(">=1.20.0-0", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("continualruns")]
    [InlineData("continualstudies")]
    public async Task AKindIsTheGeneratedOneWithAllItsRules(string plural)
    {
        var made = (await Rendered.ByAsync("--kube-version=1.33")).One("CustomResourceDefinition", plural + ".cpt.dev");
        var generated = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "crds", $"cpt.dev_{plural}.yaml"), TestContext.Current.CancellationToken)));

        Assert.True(JsonNode.DeepEquals(Sorted(generated["spec"]), Sorted(made["spec"])));
        Assert.Equal("keep", (string?)made["metadata"]!["annotations"]!["helm.sh/resource-policy"]);
    }

    [Fact]
    public async Task WithoutItsRulesTheKindIsStillTheSame()
    {
        var made = (await Rendered.ByAsync("--kube-version=1.24")).One("CustomResourceDefinition", Runs);
        var generated = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "crds", "cpt.dev_continualruns.yaml"), TestContext.Current.CancellationToken)));

        Assert.True(JsonNode.DeepEquals(Sorted(WithoutRules(generated["spec"])), Sorted(made["spec"])));
    }

    private static JsonNode? Sorted(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => KeyValuePair.Create(entry.Key, Sorted(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sorted)]),
        // 1 and 1.0 are one number.
        JsonValue value when value.TryGetValue<long>(out var whole) => JsonValue.Create((double)whole),
        _ => node?.DeepClone(),
    };

    private static JsonNode? WithoutRules(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.Where(entry => entry.Key != "x-kubernetes-validations").Select(entry => KeyValuePair.Create(entry.Key, WithoutRules(entry.Value)))),
        JsonArray list => new JsonArray([.. list.Select(WithoutRules)]),
        _ => node?.DeepClone(),
    };
}
