using System.Globalization;
using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>PathVQA (He et al. 2020, arXiv:2003.10286) as Parquet: yes or no, and open questions, on pictures of pathology.</summary>
internal static class PathVqa
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "pathvqa",
        Title = "PathVQA: pathology, half yes or no and half open",
        Layout = "data/SPLIT-*.parquet (columns image, question, answer); the older pickles (qas/SPLIT_vqa.pkl) are Python's own format and must be converted, for example with pandas' to_parquet",
        Origin = "huggingface.co/datasets/flaviagiammarino/path-vqa",
        Scorer = "ExactMatch(ignoreCase=true)",
        TrainSplit = "train",
        EvalSplit = "test",
        Splits = ["train", "validation", "test"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        var row = 0;
        foreach (var entry in ParquetRows.Of(source.Files($"{split}-*.parquet", "data", "")))
        {
            if (sink.IsFull)
                return;

            var id = string.Create(CultureInfo.InvariantCulture, $"{split}-{row++:D6}");
            var answer = entry.Text("answer").Trim();
            var closed = answer.ToUpperInvariant() is "YES" or "NO";
            sink.Add(entry, new Sample
            {
                Id = id,
                Messages = Questions.Asked(entry.Text("question") + (closed ? Questions.YesOrNo : Questions.Short)),
                Answer = answer,
                Scorer = closed ? "YesNo" : null,
                Images = [sink.Picture(entry, "image", entry.Picture("image") ?? throw entry.Wrong("image", "missing; expected a picture"), id)],
            });
        }
    }
}
