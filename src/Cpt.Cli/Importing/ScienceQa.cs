using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>ScienceQA (Lu et al. 2022, arXiv:2209.09513): those of its questions that have a picture, 6,218 to learn from and 2,017 to be asked.</summary>
internal static class ScienceQa
{
    public static Dataset Dataset { get; } = new()
    {
        Name = "scienceqa",
        Title = "ScienceQA: choice questions of science lessons, those with a picture",
        Layout = "problems.json (a map of problems, each with question, choices, answer, hint, image and split) and images/SPLIT/ID/image.png",
        Origin = "github.com/lupantech/ScienceQA",
        Scorer = "ChoiceLetter",
        TrainSplit = "train",
        EvalSplit = "test",
        Splits = ["train", "val", "test"],
        Read = Read,
    };

    private static void Read(ImportSource source, string split, ImportSink sink)
    {
        foreach (var (key, problem) in JsonEntries.Of(source.File("problems.json", "data/scienceqa/problems.json")))
        {
            if (sink.IsFull)
                return;
            if (problem.Text("split") != split)
                continue;
            if (problem.OptionalText("image") is not { Length: > 0 } image)
            {
                sink.LeaveOut();
                continue;
            }

            var id = key ?? throw problem.Wrong("id", "problems.json must be a map of problems by their ids");
            var options = problem.Texts("choices");
            var answer = problem.Whole("answer");
            if (answer < 0 || answer >= options.Count)
                throw problem.Wrong("answer", $"{answer} is no index of the {options.Count} choices");

            var hint = problem.OptionalText("hint") is { Length: > 0 } said ? said.Trim() + "\n" : "";
            var file = source.Picture(problem, "image", $"images/{split}/{id}/{image}", $"{split}/{id}/{image}", $"data/scienceqa/images/{split}/{id}/{image}");
            sink.Add(problem, new Sample
            {
                Id = id,
                Messages = Questions.Asked(Questions.WithOptions(hint + problem.Text("question"), options)),
                Answer = Questions.LetterOf(answer),
                Choices = options,
                Images = [sink.Picture(problem, file, id)],
            });
        }
    }
}
