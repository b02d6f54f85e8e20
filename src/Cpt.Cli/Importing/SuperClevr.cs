using System.Globalization;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>Super-CLEVR (Li et al. 2023, arXiv:2212.00259): counts, attributes and yes or no on rendered vehicles. One file has all questions; the number of the picture says the split.</summary>
internal static class SuperClevr
{
    private const int FirstOfVal = 20_000, FirstOfTest = 25_000;

    public static Dataset Dataset { get; } = new()
    {
        Name = "superclevr",
        Title = "Super-CLEVR: counting and attributes of rendered vehicles",
        Layout = "superCLEVR_questions_30k.json (questions: question, answer, image_filename) and images/IMAGE_FILENAME; pictures below number 20000 are train, below 25000 val, the others test",
        Origin = "github.com/Lizw14/Super-CLEVR",
        Scorer = "ExactMatch(ignoreCase=true)",
        TrainSplit = "train",
        EvalSplit = "test",
        Splits = ["train", "val", "test"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        var place = 0;
        foreach (var (_, entry) in JsonEntries.Of(source.File("superCLEVR_questions_30k.json", "questions/superCLEVR_questions_30k.json"), "questions"))
        {
            if (sink.IsFull)
                return;

            var id = string.Create(CultureInfo.InvariantCulture, $"q{place++:D7}");
            var image = entry.Text("image_filename");
            if (SplitOf(entry, image) != split)
                continue;

            // The generator writes counts as numbers, and true and false as Python's words.
            var answer = entry.Text("answer") switch { "True" or "true" => "yes", "False" or "false" => "no", var other => other };
            sink.Add(entry, new Sample
            {
                Id = id,
                Messages = Questions.Asked(entry.Text("question") + Questions.Short),
                Answer = answer,
                Scorer = answer.All(char.IsAsciiDigit) ? "Numeric" : answer is "yes" or "no" ? "YesNo" : null,
                Images = [sink.Picture(entry, source.Picture(entry, "image_filename", $"images/{image}"), Path.GetFileNameWithoutExtension(image))],
            });
        }
    }

    private static string SplitOf(Entry entry, string image)
    {
        var name = Path.GetFileNameWithoutExtension(image);
        var digits = name[(name.AsSpan().LastIndexOfAnyExceptInRange('0', '9') + 1)..];
        return !int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            ? throw entry.Wrong("image_filename", $"'{image}' has no number, which says the split; expected for example superCLEVR_new_000123.png")
            : number < FirstOfVal ? "train" : number < FirstOfTest ? "val" : "test";
    }
}
