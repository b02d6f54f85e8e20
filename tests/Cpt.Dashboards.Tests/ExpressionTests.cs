using System.Globalization;
using System.Text;

namespace Cpt.Dashboards.Tests;

public sealed class ExpressionTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("cpt-expressions-");

    [Theory]
    [InlineData("max by (run) (cpt_run_info{run=~\"a b\"})", "cpt_run_info")]
    [InlineData("sum(rate(a_total{x=\"1\"}[5m])) / on (job) group_left (y) b > 3 and on () c", "a_total b c")]
    [InlineData("time() - 3 * cpt:interval:seconds", "cpt:interval:seconds")]
    [InlineData("histogram_quantile(0.5, sum by (le) (rate(x_bucket[1m])))", "x_bucket")]
    public void TheMetricsOfAnExpressionAreWhatIsNeitherCalledNorALabel(string expression, string metrics) => Assert.Equal(metrics.Split(' '), Expressions.MetricsOf(expression));

    [Fact]
    public async Task EveryQuestionOfADashboardIsPromQl()
    {
        var rules = new StringBuilder("groups:\n- name: questions\n  rules:\n");
        foreach (var (index, query) in DashboardQueries.Read().Index())
        {
            rules.Append(CultureInfo.InvariantCulture, $"  - record: question:{index}\n    expr: '{query.Expression.Replace("'", "''", StringComparison.Ordinal)}'\n");
        }

        var file = Path.Combine(_directory.FullName, "questions.yaml");
        await File.WriteAllTextAsync(file, rules.ToString());

        var (exitCode, said) = await Promtool.RunAsync(["check", "rules", file]);

        Assert.True(exitCode == 0, said);
    }

    /// <summary>Nothing is left for Grafana to replace: the questions are what a Prometheus gets.</summary>
    [Fact]
    public void EveryVariableIsReplaced() => Assert.All(DashboardQueries.Read(), query => Assert.DoesNotContain("$", query.Expression, StringComparison.Ordinal));

    public void Dispose() => _directory.Delete(recursive: true);
}
