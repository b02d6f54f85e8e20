using System.Text.RegularExpressions;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>MMMU (Yue et al. 2024, arXiv:2311.16502): college exams with up to seven pictures a question; most have options, some are open. A benchmark.</summary>
internal static partial class Mmmu
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "mmmu",
        Title = "MMMU: college exams with pictures; a benchmark",
        Layout = "SUBJECT/SPLIT-*.parquet of each subject (columns id, question, options, answer, question_type, image_1 to image_7)",
        Origin = "huggingface.co/datasets/MMMU/MMMU",
        Scorer = "ChoiceLetter",
        EvalSplit = "validation",
        Splits = ["dev", "validation"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        var subjects = Directory.GetDirectories(source.Root).Where(path => Directory.GetFiles(path, $"{split}-*.parquet").Length > 0).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal).ToList();
        foreach (var entry in ParquetRows.Of(subjects.Count == 0 ? source.Files($"{split}-*.parquet", "SUBJECT", "") : subjects.SelectMany(subject => source.Files($"{split}-*.parquet", subject))))
        {
            if (sink.IsFull)
                return;

            var id = entry.Text("id");
            var options = PythonTexts(entry, "options");
            var open = options.Count == 0;
            var answers = open ? PythonTexts(entry, "answer") : [entry.Text("answer").Trim()];
            var text = open ? entry.Text("question") + Questions.Short : Questions.WithOptions(entry.Text("question"), options);
            var images = new List<string>();
            text = Mark().Replace(text, mark =>
            {
                images.Add(Picture(entry, sink, id, mark.Groups["number"].Value));
                return ImageMarks.Mark;
            });
            if (images.Count == 0 && entry.Has("image_1"))
                images.Add(Picture(entry, sink, id, "1"));

            sink.Add(entry, new Sample
            {
                Id = id,
                Messages = Questions.Asked(text),
                Answer = answers.Count == 0 ? throw entry.Wrong("answer", "missing") : answers[0],
                // Of several answers each is right.
                Accept = answers.Count > 1 ? $"(?i:{string.Join('|', answers.Select(Regex.Escape))})" : null,
                Choices = options,
                Scorer = !open ? null : answers.Count > 1 ? "Pattern" : LooksLikeNumber().IsMatch(answers[0]) ? "Latex" : "ExactMatch(ignoreCase=true)",
                Images = images,
            });
        }
    }

    private static string Picture(Entry entry, ImportSink sink, string id, string number)
    {
        var field = $"image_{number}";
        return sink.Picture(entry, field, entry.Picture(field) ?? throw entry.Wrong(field, "missing; the question points at it"), $"{id}-{number}");
    }

    /// <summary>A list as Python prints it, <c>['a', "b's"]</c>; a text that is none is itself.</summary>
    private static IReadOnlyList<string> PythonTexts(Entry entry, string field)
    {
        if (entry.OptionalText(field)?.Trim() is not { Length: > 0 } text)
            return [];
        if (!text.StartsWith('['))
            return [text];

        var found = PythonText().Matches(text).Select(match => Unescape().Replace(match.Groups["single"].Success ? match.Groups["single"].Value : match.Groups["double"].Value, escape => escape.Value switch
        {
            "\\n" => "\n",
            "\\t" => "\t",
            var other => other[1..],
        })).ToList();
        return found.Count > 0 || text.Replace(" ", "", StringComparison.Ordinal) == "[]" ? found : throw entry.Wrong(field, $"'{text}' is no list of texts; expected ['one', 'two']");
    }

    [GeneratedRegex("<image (?<number>[1-7])>", RegexOptions.CultureInvariant)]
    private static partial Regex Mark();

    [GeneratedRegex(@"'(?<single>(?:[^'\\]|\\.)*)'|""(?<double>(?:[^""\\]|\\.)*)""", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex PythonText();

    [GeneratedRegex(@"\\.", RegexOptions.CultureInvariant | RegexOptions.Singleline)]
    private static partial Regex Unescape();

    [GeneratedRegex(@"^[\s$\\+-]*(?:[0-9.(]|frac|sqrt|pi)", RegexOptions.CultureInvariant)]
    private static partial Regex LooksLikeNumber();
}
