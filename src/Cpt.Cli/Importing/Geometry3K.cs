using System.Text.Json;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>Geometry3K (Lu et al. 2021, arXiv:2105.04165): 2,101 problems to learn from and 601 to be asked, as choices or with the value as the answer.</summary>
internal static class Geometry3K
{
    public static Dataset Choices { get; } = new()
    {
        Name = "geometry3k",
        Title = "Geometry3K: geometry with a diagram, four options",
        Layout = "SPLIT/ID/data.json (problem_text, choices, answer) and SPLIT/ID/img_diagram.png",
        Origin = "github.com/lupantech/InterGPS",
        Scorer = "ChoiceLetter",
        TrainSplit = "train",
        EvalSplit = "test",
        Splits = ["train", "val", "test"],
        Read = (source, split, sink) => Read(source, split, sink, open: false),
    };

    public static Dataset Open { get; } = Choices with
    {
        Name = "geometry3k-open",
        Title = "Geometry3K without its options: the answer is the value",
        Scorer = "Latex(relative=0.01)",
        Read = (source, split, sink) => Read(source, split, sink, open: true),
    };

    private static void Read(ImportSource source, string split, ImportSink sink, bool open)
    {
        source.File(Problems(source, split).Select(id => $"{split}/{id}/data.json").DefaultIfEmpty($"{split}/0/data.json").ToList());
        foreach (var id in Problems(source, split))
        {
            if (sink.IsFull)
                return;

            var file = source.File($"{split}/{id}/data.json");
            var problem = Entry.Of(file, Parsed(file));
            var (options, letter) = (problem.Texts("choices"), problem.Text("answer").Trim());
            if (letter is not [>= 'A' and <= 'Z'] || letter[0] - 'A' >= options.Count)
                throw problem.Wrong("answer", $"'{letter}' is no letter of the {options.Count} choices");

            var text = problem.Text("problem_text");
            sink.Add(problem, new Sample
            {
                Id = id,
                Messages = Questions.Asked(open ? text : Questions.WithOptions(text, options)),
                Answer = open ? options[letter[0] - 'A'] : letter,
                Choices = open ? [] : options,
                Images = [sink.Picture(problem, source.Picture(problem, "img_diagram.png", $"{split}/{id}/img_diagram.png"), $"{split}-{id}")],
            });
        }
    }

    /// <summary>By number.</summary>
    private static IEnumerable<string> Problems(ImportSource source, string split) => Directory.Exists(Path.Combine(source.Root, split))
        ? Directory.GetDirectories(Path.Combine(source.Root, split)).Select(path => Path.GetFileName(path)!).OrderBy(name => name.Length).ThenBy(name => name, StringComparer.Ordinal)
        : [];

    private static JsonElement Parsed(string file)
    {
        try
        {
            return JsonElement.Parse(File.ReadAllBytes(file));
        }
        catch (JsonException wrong)
        {
            throw new TaskDataException($"{file}: not valid JSON: {wrong.Message}", wrong);
        }
    }
}
