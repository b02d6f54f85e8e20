using System.Globalization;
using System.Net;
using System.Text;

namespace Cpt.Cli.Reporting;

/// <summary>
/// A line chart as inline SVG: axes with round numbers, direct hover titles, colours from the page's palette so that it follows dark mode.
/// Drawn for a box some 350 px wide, which is a phone's whole screen and a third of a desktop's: letters stay readable on both.
/// </summary>
internal sealed class LineChart
{
    private const double Width = 400;
    private const double Height = 230;
    private const double Left = 44;
    private const double Right = 12;
    private const double Top = 12;
    private const double Bottom = 34;

    /// <summary>More points than pixels only cost bytes.</summary>
    private const int MaxPoints = 400;

    public required string Title { get; init; }

    public required IReadOnlyList<Curve> Curves { get; init; }

    public string XLabel { get; init; } = "step";

    /// <summary>Set for a chart over stages: the words under the axis; X is then an index into them.</summary>
    public IReadOnlyList<string>? Categories { get; init; }

    /// <summary>Fixed scale, for scores; otherwise the data's own.</summary>
    public (double Low, double High)? YRange { get; init; }

    /// <summary>Dots on the points: right for a handful, wrong for hundreds.</summary>
    public bool Dots { get; init; }

    public string Unit { get; init; } = "";

    public string Render()
    {
        var curves = Curves.Select(curve => curve with { Points = Thin(curve.Points) }).ToList();
        var finite = curves.SelectMany(curve => curve.Points).Where(point => double.IsFinite(point.Y)).ToList();
        var (low, high, step) = YRange is { } range ? (range.Low, range.High, (range.High - range.Low) / 4) : NiceRange(finite);
        var firstX = Categories is null ? finite.Select(point => point.X).DefaultIfEmpty(0).Min() : 0;
        var lastX = Categories is null ? finite.Select(point => point.X).DefaultIfEmpty(1).Max() : Math.Max(1, Categories.Count - 1);
        if (lastX <= firstX)
        {
            lastX = firstX + 1;
        }

        double AtX(double x) => Left + ((x - firstX) / (lastX - firstX) * (Width - Left - Right));
        double AtY(double y) => Height - Bottom - ((y - low) / (high - low) * (Height - Top - Bottom));

        var svg = new StringBuilder();
        svg.Append(CultureInfo.InvariantCulture, $"<svg class=\"chart\" viewBox=\"0 0 {Width} {Height}\" role=\"img\" aria-label=\"{Text(Describe(finite))}\">");
        for (var tick = 0; low + (tick * step) <= high + (step / 1000); tick++)
        {
            var value = low + (tick * step);
            var y = N(AtY(value));
            svg.Append(CultureInfo.InvariantCulture, $"<line class=\"grid\" x1=\"{Left}\" x2=\"{Width - Right}\" y1=\"{y}\" y2=\"{y}\"/>");
            svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Left - 6}\" y=\"{y}\" dy=\".32em\" text-anchor=\"end\">{Number(value, step)}{Unit}</text>");
        }

        XAxis(svg, AtX, firstX, lastX);
        foreach (var curve in curves)
        {
            Draw(svg, curve, AtX, AtY);
        }

        return svg.Append("</svg>").ToString();
    }

    private void XAxis(StringBuilder svg, Func<double, double> atX, double first, double last)
    {
        if (Categories is { } names)
        {
            // Long chains: show every n-th name only, so that they never overlap.
            var every = Math.Max(1, (int)Math.Ceiling(names.Count / 7.0));
            for (var i = 0; i < names.Count; i += every)
            {
                var anchor = i == 0 ? "start" : i == names.Count - 1 ? "end" : "middle";
                var x = i == 0 ? Left : atX(i);
                svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{N(x)}\" y=\"{Height - 14}\" text-anchor=\"{anchor}\">{Text(Cut(names[i], 12))}</text>");
            }

            return;
        }

        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Left}\" y=\"{Height - 14}\">{Number(first, 1)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{Width - Right}\" y=\"{Height - 14}\" text-anchor=\"end\">{Number(last, 1)}</text>");
        svg.Append(CultureInfo.InvariantCulture, $"<text class=\"tick\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 14}\" text-anchor=\"middle\">{Text(XLabel)}</text>");
    }

    private void Draw(StringBuilder svg, Curve curve, Func<double, double> atX, Func<double, double> atY)
    {
        var path = new StringBuilder();
        var bridges = new StringBuilder();
        var pen = 'M';
        (double X, double Y)? last = null;
        foreach (var (x, y) in curve.Points)
        {
            if (!double.IsFinite(y))
            {
                pen = 'M';
                continue;
            }

            if (pen == 'M' && last is { } before)
            {
                bridges.Append(CultureInfo.InvariantCulture, $"M{N(atX(before.X))} {N(atY(before.Y))}L{N(atX(x))} {N(atY(y))}");
            }

            last = (x, y);
            path.Append(CultureInfo.InvariantCulture, $"{pen}{N(atX(x))} {N(atY(y))}");
            pen = 'L';
        }

        if (bridges.Length > 0)
        {
            // Not scored in between: dotted, so that nobody reads values off it.
            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"line gap c{curve.Colour % 8}\" d=\"{bridges}\"/>");
        }

        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"line c{curve.Colour % 8} d{curve.Colour / 8 % 2}\" d=\"{path}\"/>");
        if (!Dots)
        {
            return;
        }

        foreach (var (x, y) in curve.Points.Where(point => double.IsFinite(point.Y)))
        {
            var at = Categories is null ? Number(x, 1) : Categories[(int)x];
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"dot c{curve.Colour % 8}\" cx=\"{N(atX(x))}\" cy=\"{N(atY(y))}\" r=\"4\">");
            svg.Append(CultureInfo.InvariantCulture, $"<title>{Text(curve.Name)} after {Text(at)}: {y:0.0}{Unit}</title></circle>");
        }
    }

    private string Describe(List<(double X, double Y)> finite) =>
        finite.Count == 0
            ? $"{Title}: no data"
            : string.Create(CultureInfo.InvariantCulture, $"{Title}: {string.Join(", ", Curves.Select(curve => curve.Name))}; from {finite.Min(p => p.Y):0.###} to {finite.Max(p => p.Y):0.###}");

    /// <summary>Means of equal runs of points, so that a spike still moves the line and nothing is invented.</summary>
    private static IReadOnlyList<(double X, double Y)> Thin(IReadOnlyList<(double X, double Y)> points)
    {
        if (points.Count <= MaxPoints)
        {
            return points;
        }

        var size = (int)Math.Ceiling(points.Count / (double)MaxPoints);
        return [.. points.Chunk(size).Select(run => (run.Average(p => p.X), run.Average(p => p.Y)))];
    }

    /// <summary>Round numbers (1, 2, 5 × 10ⁿ) around the data, some four to six of them.</summary>
    private static (double Low, double High, double Step) NiceRange(List<(double X, double Y)> points)
    {
        var low = points.Select(point => point.Y).DefaultIfEmpty(0).Min();
        var high = points.Select(point => point.Y).DefaultIfEmpty(1).Max();
        if (low > 0 && low < high / 2)
        {
            low = 0;
        }

        if (high - low < 1e-12)
        {
            var margin = Math.Max(Math.Abs(high) / 2, 1e-6);
            (low, high) = (low - margin, high + margin);
        }

        var raw = (high - low) / 4;
        var magnitude = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        var step = new[] { 1.0, 2, 5, 10 }.First(factor => factor * magnitude >= raw * 0.999) * magnitude;
        return (Math.Floor(low / step) * step, Math.Ceiling(high / step) * step, step);
    }

    private static string Number(double value, double step)
    {
        value = Math.Abs(value) < step / 1000 ? 0 : value;
        if (value != 0 && (Math.Abs(value) >= 1e5 || step < 1e-3))
        {
            return value.ToString("0.#e0", CultureInfo.InvariantCulture);
        }

        var decimals = Math.Clamp((int)Math.Ceiling(-Math.Log10(step) - 1e-9), 0, 4);
        return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    private static string N(double value) => value.ToString("0.#", CultureInfo.InvariantCulture);

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..(length - 1)] + "…";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
