using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>MMLU-Pro (Wang et al. 2024, arXiv:2406.01574): text alone, up to ten options. A benchmark.</summary>
internal static class MmluPro
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "mmlu-pro",
        Title = "MMLU-Pro: knowledge and reasoning, up to ten options, no pictures; a benchmark",
        Layout = "data/SPLIT-*.parquet (columns question_id, question, options, answer)",
        Origin = "huggingface.co/datasets/TIGER-Lab/MMLU-Pro",
        Scorer = "ChoiceLetter",
        EvalSplit = "test",
        Splits = ["validation", "test"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var entry in ParquetRows.Of(source.Files($"{split}-*.parquet", "data", "")))
        {
            if (sink.IsFull)
                return;

            // Questions with fewer than ten options are filled up with "N/A" in some of the published versions.
            var options = entry.Texts("options").Reverse().SkipWhile(option => option == "N/A").Reverse().ToList();
            sink.Add(entry, new Sample
            {
                Id = entry.Text("question_id"),
                Messages = Questions.Asked(Questions.WithOptions(entry.Text("question"), options)),
                Answer = entry.Text("answer").Trim(),
                Choices = options,
            });
        }
    }
}
