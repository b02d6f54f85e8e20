using System.Globalization;

namespace Cpt.Tasks;

/// <summary>One to four shapes in the quarters of a picture: how many are of a colour, or of a kind? Two kinds and two colours, so that no answer is rare.</summary>
internal static class StudyCounting
{
    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, StudyScene.Side, StudyScene.Side);
        var cells = Enumerable.Range(0, StudyScene.Cells * StudyScene.Cells).ToArray();
        draw.Shuffle<int>(cells);
        var shapes = cells.Take(1 + draw.Next(cells.Length)).Select(cell => (Cell: cell, Kind: 1 + draw.Next(2), Colour: 2 * draw.Next(2))).ToArray();
        foreach (var (cell, kind, colour) in shapes)
            StudyScene.Put(picture, draw, cell, kind, colour);

        var byColour = draw.Next(2) == 0;
        var (askedKind, askedColour) = (1 + draw.Next(2), 2 * draw.Next(2));
        var count = shapes.Count(shape => byColour ? shape.Colour == askedColour : shape.Kind == askedKind);
        return new PictureQuestion(picture, [count.ToString(CultureInfo.InvariantCulture)])
        {
            Question = $"How many {(byColour ? StudyScene.Colours[askedColour].Name : StudyScene.Kinds[askedKind] + "s")}?",
        };
    }
}
