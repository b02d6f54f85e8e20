namespace Cpt.Tasks;

/// <summary>Three shapes in the quarters of a picture: a red one, one in its row, one in its column. What stands left, right, above or below of the red one?</summary>
internal static class StudyRelations
{
    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = StudyScene.Ground(draw, StudyScene.Side, StudyScene.Side);
        var (row, column) = (draw.Next(2), draw.Next(2));
        StudyScene.Put(picture, draw, (row * 2) + column, draw.Next(StudyScene.Kinds.Length), colour: 0);
        int[] others = [1, 2, 3];
        draw.Shuffle<int>(others);
        var (beside, over) = (draw.Next(StudyScene.Kinds.Length), draw.Next(StudyScene.Kinds.Length));
        StudyScene.Put(picture, draw, (row * 2) + 1 - column, beside, others[0]);
        StudyScene.Put(picture, draw, ((1 - row) * 2) + column, over, others[1]);
        var inRow = draw.Next(2) == 0;
        var where = inRow ? (column == 0 ? "Right of" : "Left of") : row == 0 ? "Below" : "Above";
        return new PictureQuestion(picture, [StudyScene.Kinds[inRow ? beside : over]]) { Question = $"{where} red?" };
    }
}
