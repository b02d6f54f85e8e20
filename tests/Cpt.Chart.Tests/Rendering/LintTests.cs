namespace Cpt.Chart.Tests.Rendering;

public sealed class LintTests
{
    [Fact]
    public async Task HelmItselfHasNothingToSayAgainstTheChart()
    {
        var (exitCode, output, error) = await Helm.RunAsync(["lint", "--strict", Helm.Chart]);

        Assert.True(exitCode == 0, error + output);
        Assert.DoesNotContain("[WARNING]", output, StringComparison.Ordinal);
        Assert.DoesNotContain("[ERROR]", output, StringComparison.Ordinal);
    }

    /// <summary>After a change of the types: <c>cpt generate crds</c>, and once more with <c>--output charts/cpt-operator/files</c>.</summary>
    [Theory]
    [InlineData("cpt.dev_continualruns.yaml")]
    [InlineData("cpt.dev_continualstudies.yaml")]
    public async Task TheChartsKindsAreWhatTheTypesGenerate(string file)
    {
        var cancellation = TestContext.Current.CancellationToken;

        Assert.Equal(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "crds", file), cancellation),
            await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "files", file), cancellation));
    }

    [Fact]
    public async Task ChartAndProgramHaveOneVersion()
    {
        var chart = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "Chart.yaml"), TestContext.Current.CancellationToken)));
        var version = typeof(Operator.Hosting.OperatorHost).Assembly.GetName().Version!.ToString(3);

        Assert.Equal((version, version), ((string?)chart["appVersion"], (string?)chart["version"]));
    }

    [Fact]
    public async Task EveryValueIsExplainedAndKnownToTheSchemaAndTheOtherWayRound()
    {
        var values = Assert.Single(Yaml.Documents(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "values.yaml"), TestContext.Current.CancellationToken)));
        var schema = System.Text.Json.Nodes.JsonNode.Parse(await File.ReadAllTextAsync(Path.Combine(Helm.Chart, "values.schema.json"), TestContext.Current.CancellationToken))!;

        // "global" is Helm's own: a chart that has this one as a part may set it.
        Assert.Equal(values.Select(value => value.Key).Append("global").Order(StringComparer.Ordinal), schema["properties"]!.AsObject().Select(property => property.Key).Order(StringComparer.Ordinal));
    }
}
