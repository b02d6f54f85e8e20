namespace Cpt.Tasks;

/// <summary>A texture in two colours, 28 × 28 pixels: lying or standing stripes, checks, or dots. Is it the one that is asked for? Half of the answers are yes.</summary>
internal static class StudyTextures
{
    public const int Side = 28;

    private static readonly string[] s_names = ["Lying stripes", "Standing stripes", "Checks", "Dots"];

    public static PictureQuestion Make(PictureDraw draw)
    {
        var picture = new Picture(Side, Side);
        byte Dark() => (byte)(40 + draw.Next(80));
        byte Light() => (byte)(170 + draw.Next(80));
        var (dark, light) = (new Colour(Dark(), Dark(), Dark()), new Colour(Light(), Light(), Light()));
        var (texture, period, right, down) = (draw.Next(s_names.Length), 3 + draw.Next(3), draw.Next(10), draw.Next(10));
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
                picture.Set(x, y, IsDark(texture, x + right, y + down, period) ? dark : light);
        }

        var yes = draw.Next(2) == 0;
        var asked = yes ? texture : (texture + 1 + draw.Next(s_names.Length - 1)) % s_names.Length;
        return new PictureQuestion(picture, [yes ? "yes" : "no"]) { Question = $"{s_names[asked]}?" };
    }

    /// <summary>Dots are squares of a period's side, one in every fourth field.</summary>
    private static bool IsDark(int texture, int x, int y, int period)
    {
        var (column, row) = (x / period % 2, y / period % 2);
        return texture switch
        {
            0 => row == 0,
            1 => column == 0,
            2 => row == column,
            _ => row == 0 && column == 0,
        };
    }
}
