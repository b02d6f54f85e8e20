using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>GQA (Hudson and Manning 2019, arXiv:1902.09506), the balanced questions.</summary>
internal static class Gqa
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "gqa",
        Title = "GQA: relations in scenes, the balanced questions",
        Layout = "SPLIT_balanced_questions.json, in questions/ or beside it (a map of questions, each with question, answer and imageId), and images/IMAGE_ID.jpg",
        Origin = "cs.stanford.edu/people/dorarad/gqa",
        Scorer = "ExactMatch(ignoreCase=true)",
        TrainSplit = "train",
        EvalSplit = "testdev",
        Splits = ["train", "val", "testdev"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var (key, entry) in JsonEntries.Of(source.File($"{split}_balanced_questions.json", $"questions/{split}_balanced_questions.json", $"questions1.2/{split}_balanced_questions.json")))
        {
            if (sink.IsFull)
                return;

            var image = entry.Text("imageId");
            sink.Add(entry, new Sample
            {
                Id = key ?? throw entry.Wrong("id", "the file must be a map of questions by their ids"),
                Messages = Questions.Asked(entry.Text("question") + Questions.Short),
                Answer = entry.Text("answer"),
                Images = [sink.Picture(entry, source.Picture(entry, "imageId", $"images/{image}.jpg"), image)],
            });
        }
    }
}
