using System.Globalization;
using System.Text.RegularExpressions;

namespace Cpt.Tasks;

/// <summary>
/// Intersection over union of two boxes, written as left, top, right, bottom: right when it reaches a threshold, or (soft) the overlap itself. Of a response the last bracket of
/// four numbers counts, <c>[10, 20, 30, 40]</c>, also as <c>(10, 20), (30, 40)</c>; of one without, its only four numbers.
/// </summary>
/// <param name="threshold">0..1; null: soft.</param>
internal sealed partial class BoxOverlapScorer(double? threshold) : IScorer
{
    /// <summary>What detection calls a hit (PASCAL VOC).</summary>
    public const double Threshold = 0.5;

    public double Score(Sample sample, string response)
    {
        if (Box.Read(FinalAnswer.Of(response)) is not { } given || Box.Read(sample.Answer) is not { } expected)
            return 0;

        var overlap = given.Overlap(expected);
        return threshold is { } least ? overlap >= least && overlap > 0 ? 1 : 0 : overlap;
    }

    public string? Problem(Sample sample) => Box.Read(sample.Answer) is not { } box ? $"answer: '{sample.Answer}' is no box; write [left, top, right, bottom]"
        : box.Area > 0 ? null
        : $"answer: '{sample.Answer}' is a box without an area; right must be more than left, and bottom more than top";

    internal readonly partial record struct Box(double Left, double Top, double Right, double Bottom)
    {
        public double Area => (Right - Left) * (Bottom - Top);

        /// <summary>|A ∩ B| / |A ∪ B|.</summary>
        public double Overlap(Box other)
        {
            var width = Math.Min(Right, other.Right) - Math.Max(Left, other.Left);
            var height = Math.Min(Bottom, other.Bottom) - Math.Max(Top, other.Top);
            if (width <= 0 || height <= 0)
                return 0;

            var shared = width * height;
            var overlap = shared / (Area + other.Area - shared);
            return double.IsFinite(overlap) ? overlap : 0;
        }

        /// <summary>Two corners, in whichever order.</summary>
        public static Box? Read(string text)
        {
            var bracketed = Bracketed().Matches(text);
            var numbers = Number().Matches(bracketed.Count > 0 ? bracketed[^1].Value : text);
            if (numbers.Count != 4)
                return null;

            var values = numbers.Select(number => double.Parse(number.ValueSpan, NumberStyles.Float, CultureInfo.InvariantCulture)).ToArray();
            return values.All(double.IsFinite)
                ? new Box(Math.Min(values[0], values[2]), Math.Min(values[1], values[3]), Math.Max(values[0], values[2]), Math.Max(values[1], values[3]))
                : null;
        }

        private const string Written = @"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?";

        // Without backtracking: linear in whatever a model writes.
        [GeneratedRegex(@"[\[({]\s*" + Written + @"\s*,\s*" + Written + @"\s*(?:\)\s*,?\s*\(|,)\s*" + Written + @"\s*,\s*" + Written + @"\s*[\])}]", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
        private static partial Regex Bracketed();

        [GeneratedRegex(Written, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant)]
        private static partial Regex Number();
    }
}
