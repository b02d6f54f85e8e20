namespace Cpt.Tasks;

/// <summary>Three printed letters of changing place and colour, 84 × 28 pixels.</summary>
internal static class StudyText
{
    private const int Count = 3, Cell = 28, Scale = 3, Margin = 2, Jitter = 5;

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, Count * Cell, Cell);
        var letters = new char[Count];
        for (var place = 0; place < Count; place++)
        {
            letters[place] = LetterDrawing.Letters[draw.Next(LetterDrawing.Letters.Length)];
            byte Part() => (byte)draw.Next(100);
            LetterDrawing.Draw(picture, letters[place], (place * Cell) + Margin + draw.Next(Jitter), Margin + draw.Next(Jitter), Scale, new Colour(Part(), Part(), Part()));
        }

        return new PictureQuestion(picture, [new string(letters)]) { Question = "Text?" };
    }
}
