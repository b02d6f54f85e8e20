namespace Cpt.Cli.Reporting;

/// <summary>A named line of a chart. A point without a value (NaN) breaks the line.</summary>
/// <param name="Name">As the legend shows it.</param>
/// <param name="Points">Ordered by X.</param>
/// <param name="Colour">Index into the page's palette; equal things have equal colours in all charts.</param>
internal sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points, int Colour);
