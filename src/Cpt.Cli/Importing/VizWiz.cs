using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>VizWiz-VQA (Gurari et al. 2018, arXiv:1802.08218): photographs and questions of blind people, ten answers each; some are "unanswerable".</summary>
internal static class VizWiz
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "vizwiz",
        Title = "VizWiz: photographs of blind people, of which some cannot be answered",
        Layout = "SPLIT.json or Annotations/SPLIT.json (a list: image, question, answers of {answer}) and SPLIT/IMAGE",
        Origin = "vizwiz.org",
        Scorer = "VqaAccuracy",
        TrainSplit = "train",
        EvalSplit = "val",
        Splits = ["train", "val"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var (_, entry) in JsonEntries.Of(source.File($"{split}.json", $"Annotations/{split}.json")))
        {
            if (sink.IsFull)
                return;

            var image = entry.Text("image");
            var answers = entry.Entries("answers").Select(answer => answer.Text("answer")).ToList();
            if (answers.Count == 0)
                throw entry.Wrong("answers", "must hold at least one");
            var name = Path.GetFileNameWithoutExtension(image);
            sink.Add(entry, new Sample
            {
                Id = name,
                Messages = Questions.Asked(entry.Text("question") + "\nAnswer with a single word or phrase, or unanswerable."),
                Answer = VqaAnswers.MostCommon(answers),
                Answers = answers,
                Images = [sink.Picture(entry, source.Picture(entry, "image", $"{split}/{image}", $"images/{split}/{image}", $"images/{image}"), name)],
            });
        }
    }
}
