namespace Cpt.Dashboards.Tests.Rules;

public sealed class RuleTests
{
    private static readonly string s_tests = Path.Combine(Repository.Root, "tests", "Cpt.Dashboards.Tests", "Rules");

    public static TheoryData<string> TestFiles => [.. Directory.EnumerateFiles(s_tests, "*.test.yaml").Select(file => Path.GetFileName(file))];

    public static TheoryData<string> Alerts => [.. AlertRules.All.Select(rule => rule.Name)];

    [Fact]
    public async Task PrometheusTakesTheRules()
    {
        var (exitCode, said) = await Promtool.RunAsync(["check", "rules", AlertRules.File]);

        Assert.True(exitCode == 0, said);
    }

    [Theory]
    [MemberData(nameof(TestFiles))]
    public async Task AlertsFireWhenTheyShouldAndOnlyThen(string file)
    {
        var (exitCode, said) = await Promtool.RunAsync(["test", "rules", Path.Combine(s_tests, file)]);

        Assert.True(exitCode == 0, said);
    }

    [Theory]
    [MemberData(nameof(Alerts))]
    public void EveryAlertIsTriedBothWays(string alert)
    {
        var expected = Directory.EnumerateFiles(s_tests, "*.test.yaml").SelectMany(AlertRules.Expected).Where(test => test.Alert == alert).Select(test => test.Fires).ToHashSet();

        Assert.Equal([false, true], expected.Order());
    }

    [Theory]
    [MemberData(nameof(Alerts))]
    public void EveryAlertSaysWhatItMeansToAPersonAndWhereToRead(string alert)
    {
        var rule = AlertRules.All.Single(rule => rule.Name == alert);

        Assert.Contains(rule.Severity, (string[])["critical", "warning", "info"]);
        Assert.Matches(@"^\S.{15,}[^.]$", rule.Annotations["summary"]);
        Assert.Matches(@"^\S.{40,}\.$", rule.Annotations["description"]);
        Assert.EndsWith($"/docs/runbooks/{alert}.md", rule.Annotations["runbook_url"], StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Alerts))]
    public void AnAlertAboutARunNamesIt(string alert)
    {
        var rule = AlertRules.All.Single(rule => rule.Name == alert);
        if (!rule.Expression.Contains("cpt_run_", StringComparison.Ordinal))
        {
            return;
        }

        Assert.All(
            (string[])["{{ $labels.namespace }}", "{{ $labels.run }}"],
            label => Assert.True(rule.Annotations["summary"].Contains(label, StringComparison.Ordinal) && rule.Annotations["description"].Contains(label, StringComparison.Ordinal), $"{alert} does not say {label}"));
    }

    [Fact]
    public void EveryAlertHasARunbookAndEveryRunbookAnAlert() => Assert.Equal(
        AlertRules.All.Select(rule => rule.Name).Order(StringComparer.Ordinal),
        Directory.EnumerateFiles(AlertRules.Runbooks, "*.md").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal));
}
