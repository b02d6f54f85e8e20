using Spectre.Console.Rendering;

namespace Cpt.Cli.Display;

/// <summary>An empty line among others: a text of nothing would take none, and one of a line feed two.</summary>
internal sealed class BlankLine : Renderable
{
    public static BlankLine Instance { get; } = new();

    protected override IEnumerable<Segment> Render(RenderOptions options, int maxWidth) => [Segment.LineBreak];
}
