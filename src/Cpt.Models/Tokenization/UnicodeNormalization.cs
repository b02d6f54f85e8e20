using System.Globalization;
using System.Text;

namespace Cpt.Models;

/// <summary>
/// Unicode normalization form C (UAX #15). Written out because .NET leaves text as it is in invariant-globalization mode,
/// and token ids must not depend on whether ICU is installed.
/// </summary>
internal sealed class UnicodeNormalization
{
    // Hangul syllables are composed by arithmetic (Unicode 3.12), not by table.
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7, LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Lazy<UnicodeNormalization> s_instance = new(() => new UnicodeNormalization());

    private readonly Dictionary<int, (int First, int Second)> _decompositions = [];
    private readonly Dictionary<(int First, int Second), int> _compositions = [];
    private readonly Dictionary<int, byte> _classes = [];

    private UnicodeNormalization()
    {
        using var stream = typeof(UnicodeNormalization).Assembly.GetManifestResourceStream("Cpt.Models.nfc.txt")!;
        using var reader = new StreamReader(stream, Encoding.ASCII);
        while (reader.ReadLine() is { } line)
        {
            var fields = line.Split(' ');
            if (fields[0] == "d")
            {
                var second = fields.Length > 3 && fields[3] != "x" ? Hex(fields[3]) : -1;
                _decompositions.Add(Hex(fields[1]), (Hex(fields[2]), second));
                if (fields[^1] != "x")
                {
                    _compositions.Add((Hex(fields[2]), second), Hex(fields[1]));
                }
            }
            else if (fields[0] == "c")
            {
                for (var cp = Hex(fields[1]); cp <= Hex(fields[2]); cp++)
                {
                    _classes.Add(cp, byte.Parse(fields[3], CultureInfo.InvariantCulture));
                }
            }
        }
    }

    public static string ToFormC(string text)
    {
        // Nothing below U+0300 changes under form C.
        foreach (var c in text)
        {
            if (c >= '\u0300')
            {
                return s_instance.Value.Compose(text);
            }
        }

        return text;
    }

    private static int Hex(string text) => int.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture);

    private string Compose(string text)
    {
        var points = new List<int>(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            Decompose(rune.Value, points);
        }

        OrderMarks(points);
        ComposePairs(points);
        var result = new StringBuilder(text.Length);
        foreach (var point in points)
        {
            result.Append(new Rune(point).ToString());
        }

        return result.ToString();
    }

    private void Decompose(int cp, List<int> points)
    {
        if (cp is >= SBase and < SBase + SCount)
        {
            var syllable = cp - SBase;
            points.Add(LBase + (syllable / (VCount * TCount)));
            points.Add(VBase + (syllable % (VCount * TCount) / TCount));
            if (syllable % TCount != 0)
            {
                points.Add(TBase + (syllable % TCount));
            }
        }
        else if (_decompositions.TryGetValue(cp, out var parts))
        {
            Decompose(parts.First, points);
            if (parts.Second >= 0)
            {
                Decompose(parts.Second, points);
            }
        }
        else
        {
            points.Add(cp);
        }
    }

    /// <summary>Canonical ordering: within a run of marks, a stable sort by combining class.</summary>
    private void OrderMarks(List<int> points)
    {
        for (var i = 1; i < points.Count; i++)
        {
            var ccc = Class(points[i]);
            if (ccc == 0)
            {
                continue;
            }

            for (var j = i; j > 0 && Class(points[j - 1]) > ccc; j--)
            {
                (points[j - 1], points[j]) = (points[j], points[j - 1]);
            }
        }
    }

    private void ComposePairs(List<int> points)
    {
        var starter = -1;
        var lastClass = -1;
        var written = 0;
        foreach (var cp in points.ToArray())
        {
            var ccc = Class(cp);

            // A mark is blocked from the starter by an earlier mark of the same or a higher class.
            if (starter >= 0 && (lastClass < ccc || lastClass == -1) && Pair(points[starter], cp) is { } composed)
            {
                points[starter] = composed;
                continue;
            }

            if (ccc == 0)
            {
                starter = written;
                lastClass = -1;
            }
            else
            {
                lastClass = ccc;
            }

            points[written++] = cp;
        }

        points.RemoveRange(written, points.Count - written);
    }

    private int? Pair(int first, int second)
    {
        if (first is >= LBase and < LBase + LCount && second is >= VBase and < VBase + VCount)
        {
            return SBase + ((((first - LBase) * VCount) + (second - VBase)) * TCount);
        }

        if (first is >= SBase and < SBase + SCount && (first - SBase) % TCount == 0 && second is > TBase and < TBase + TCount)
        {
            return first + (second - TBase);
        }

        return _compositions.TryGetValue((first, second), out var composed) ? composed : null;
    }

    private int Class(int cp) => cp < 0x300 ? 0 : _classes.GetValueOrDefault(cp);
}
