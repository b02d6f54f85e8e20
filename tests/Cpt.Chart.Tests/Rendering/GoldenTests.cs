namespace Cpt.Chart.Tests.Rendering;

/// <summary>
/// Whole renders, so that a change of a template is seen as what it changes. <c>NAME.values.yaml</c>, where there is one, holds the values; <c>CPT_UPDATE_GOLDEN=1</c> writes them anew. Without the kind and the files of others (dashboards, rules), which have
/// tests of their own.
/// </summary>
public sealed class GoldenTests
{
    private static readonly string s_directory = Path.Combine(Repository.Root, "tests", "data", "chart");

    [Theory]
    [InlineData("default", "1.33")]
    [InlineData("default-1.20", "1.20")]
    [InlineData("one-namespace", "1.25")]
    [InlineData("everything", "1.29")]
    public async Task ARenderIsAsItWas(string name, string version)
    {
        var values = Path.Combine(s_directory, name + ".values.yaml");
        string[] options = ["--kube-version=" + version, "crds.install=false", "metrics.dashboards.enabled=false", "metrics.prometheusRule.enabled=false"];
        var rendered = await Rendered.ByAsync(File.Exists(values) ? [.. options, "--values=" + values] : options);
        var path = Path.Combine(s_directory, name + ".yaml");
        if (Environment.GetEnvironmentVariable("CPT_UPDATE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(path, rendered.Text, TestContext.Current.CancellationToken);
        }

        Assert.Equal(await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken), rendered.Text);
    }
}
