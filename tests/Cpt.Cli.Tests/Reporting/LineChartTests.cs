using System.Xml.Linq;
using Cpt.Cli.Reporting;

namespace Cpt.Cli.Tests.Reporting;

public sealed class LineChartTests
{
    [Fact]
    public void ThousandsOfStepsBecomeAtMostAFewHundredPoints()
    {
        var chart = new LineChart { Title = "loss", Curves = [new Curve("a", [.. Enumerable.Range(1, 10_000).Select(step => ((double)step, 1.0 / step))], 0)] };
        var path = XDocument.Parse(chart.Render()).Root!.Elements().Single(element => element.Name.LocalName == "path").Attribute("d")!.Value;
        Assert.InRange(path.Count(letter => letter is 'L' or 'M'), 100, 400);
    }

    [Fact]
    public void AMissingScoreBreaksTheLineInsteadOfDrawingZero()
    {
        var chart = new LineChart { Title = "scores", Curves = [new Curve("a", [(0, 50), (1, double.NaN), (2, 70)], 0)], Categories = ["start", "x", "y"], YRange = (0, 100), Dots = true };
        var svg = XDocument.Parse(chart.Render()).Root!;
        var paths = svg.Elements().Where(element => element.Name.LocalName == "path").ToDictionary(path => (string)path.Attribute("class")!, path => (string)path.Attribute("d")!, StringComparer.Ordinal);
        Assert.Equal(2, paths["line c0 d0"].Count(letter => letter == 'M'));
        Assert.Equal(1, paths["line gap c0"].Count(letter => letter == 'L'));
        Assert.Equal(2, svg.Elements().Count(element => element.Name.LocalName == "circle"));
    }

    [Theory]
    [InlineData(0.0013, 0.0131)]
    [InlineData(5, 5)]
    [InlineData(0, 0)]
    [InlineData(-3, 12000)]
    [InlineData(1e-6, 1.1e-6)]
    public void TheScaleHoldsAllPointsWithAHandfulOfTicks(double low, double high)
    {
        var chart = new LineChart { Title = "t", Curves = [new Curve("a", [(1, low), (2, high)], 0)] };
        var svg = XDocument.Parse(chart.Render()).Root!;
        Assert.InRange(svg.Elements().Count(element => (string?)element.Attribute("class") == "grid"), 3, 8);
        var heights = svg.Elements().Single(element => element.Name.LocalName == "path").Attribute("d")!.Value
            .Split('M', 'L').Where(part => part.Length > 0).Select(part => double.Parse(part.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture));
        Assert.All(heights, y => Assert.InRange(y, 11, 197));
    }

    [Fact]
    public void AChartWithoutDataIsStillAChart() => Assert.Contains("no data", new LineChart { Title = "t", Curves = [] }.Render(), StringComparison.Ordinal);
}
