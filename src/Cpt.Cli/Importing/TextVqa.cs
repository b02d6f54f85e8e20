using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>TextVQA (Singh et al. 2019, arXiv:1904.08920): questions about text in photographs, ten answers each.</summary>
internal static class TextVqa
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "textvqa",
        Title = "TextVQA: reading text in photographs",
        Layout = "TextVQA_0.5.1_SPLIT.json (data: question, question_id, image_id, answers) and train_images/IMAGE_ID.jpg, which holds the pictures of train and val",
        Origin = "textvqa.org",
        Scorer = "VqaAccuracy",
        TrainSplit = "train",
        EvalSplit = "val",
        Splits = ["train", "val"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var (_, entry) in JsonEntries.Of(source.File($"TextVQA_0.5.1_{split}.json"), "data"))
        {
            if (sink.IsFull)
                return;

            var (image, answers) = (entry.Text("image_id"), entry.Texts("answers"));
            if (answers.Count == 0)
                throw entry.Wrong("answers", "must hold at least one");
            sink.Add(entry, new Sample
            {
                Id = entry.Text("question_id"),
                Messages = Questions.Asked(entry.Text("question") + Questions.Short),
                Answer = VqaAnswers.MostCommon(answers),
                Answers = answers,
                Images = [sink.Picture(entry, source.Picture(entry, "image_id", $"train_images/{image}.jpg", $"images/{image}.jpg"), image)],
            });
        }
    }
}
