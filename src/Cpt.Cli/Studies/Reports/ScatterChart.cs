using System.Globalization;
using System.Net;
using System.Text;
using Cpt.Cli.Studies.Statistics;

namespace Cpt.Cli.Studies.Reports;

/// <summary>One point.</summary>
/// <param name="Name">In the legend and on hovering.</param>
/// <param name="Colour">Index into the page's palette.</param>
/// <param name="X">With its deviation as the bar.</param>
/// <param name="Y">Likewise.</param>
internal sealed record ScatterPoint(string Name, int Colour, Sample X, Sample Y);

/// <summary>Means with bars of one standard deviation both ways, as inline SVG. The palette has eight colours; the ninth variant has the first one's with a hollow point.</summary>
internal sealed class ScatterChart
{
    private const double Width = 520;
    private const double Height = 340;
    private const double Left = 52;
    private const double Right = 16;
    private const double Top = 12;
    private const double Bottom = 46;

    public required string Title { get; init; }

    public required string XLabel { get; init; }

    public required string YLabel { get; init; }

    public required IReadOnlyList<ScatterPoint> Points { get; init; }

    public string Render()
    {
        var (lowX, highX, stepX) = Range(Points.Select(point => point.X));
        var (lowY, highY, stepY) = Range(Points.Select(point => point.Y));
        double AtX(double x) => Left + ((x - lowX) / (highX - lowX) * (Width - Left - Right));
        double AtY(double y) => Height - Bottom - ((y - lowY) / (highY - lowY) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart wide\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(Describe())}\">");
        for (var x = lowX; x <= highX + (stepX / 1000); x += stepX)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{N(AtX(x))}\" x2=\"{N(AtX(x))}\" y1=\"{Top}\" y2=\"{Height - Bottom}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{N(AtX(x))}\" y=\"{Height - Bottom + 17}\" text-anchor=\"middle\">{N(x)}</text>");
        }

        for (var y = lowY; y <= highY + (stepY / 1000); y += stepY)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{N(AtY(y))}\" y2=\"{N(AtY(y))}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Left - 6}\" y=\"{N(AtY(y))}\" dy=\".32em\" text-anchor=\"end\">{N(y)}</text>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{N((Left + Width - Right) / 2)}\" y=\"{Height - 8}\" text-anchor=\"middle\">{Text(XLabel)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" transform=\"translate(13 {N((Top + Height - Bottom) / 2)}) rotate(-90)\" text-anchor=\"middle\">{Text(YLabel)}</text>");
        foreach (var point in Points)
        {
            var (x, y) = (AtX(point.X.Mean), AtY(point.Y.Mean));
            var colour = $"c{(point.Colour % 8).ToString(CultureInfo.InvariantCulture)}";
            if (point.X.Deviation is { } wide)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"line bar {colour}\" x1=\"{N(AtX(point.X.Mean - wide))}\" x2=\"{N(AtX(point.X.Mean + wide))}\" y1=\"{N(y)}\" y2=\"{N(y)}\"/>");
            }

            if (point.Y.Deviation is { } high)
            {
                svg.Append(CultureInfo.InvariantCulture, $"<line class=\"line bar {colour}\" x1=\"{N(x)}\" x2=\"{N(x)}\" y1=\"{N(AtY(point.Y.Mean - high))}\" y2=\"{N(AtY(point.Y.Mean + high))}\"/>");
            }

            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"{(point.Colour / 8 % 2 == 0 ? "dot" : "ring")} {colour}\" cx=\"{N(x)}\" cy=\"{N(y)}\" r=\"5\">");
            svg.Append(CultureInfo.InvariantCulture, $"<title>{Text(point.Name)}: {Text(XLabel)} {Verdicts.Text(point.X, MeasureUnit.Percent)}, {Text(YLabel)} {Verdicts.Text(point.Y, MeasureUnit.Points)}</title></circle>");
        }

        return svg.Append("</svg>").ToString();
    }

    private string Describe() => $"{Title}: " + string.Join("; ", Points.Select(point => string.Create(CultureInfo.InvariantCulture, $"{point.Name} at {point.X.Mean:0.0}, {point.Y.Mean:0.0}")));

    /// <summary>Round numbers around all points and their bars.</summary>
    private static (double Low, double High, double Step) Range(IEnumerable<Sample> samples)
    {
        var ends = samples.SelectMany(sample => (double[])[sample.Mean - (sample.Deviation ?? 0), sample.Mean + (sample.Deviation ?? 0)]).ToList();
        var (low, high) = (ends.Min(), ends.Max());
        if (high - low < 1)
        {
            (low, high) = (low - 0.5, high + 0.5);
        }

        var raw = (high - low) / 5;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = new[] { 1.0, 2, 5, 10 }.First(factor => factor * magnitude >= raw * 0.999) * magnitude;
        return (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }

    private static string N(double value) => (Math.Abs(value) < 1e-9 ? 0 : value).ToString("0.##", CultureInfo.InvariantCulture);

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
