using System.Globalization;

namespace Cpt.Tasks;

/// <summary>Suites whose samples show a drawn picture.</summary>
internal static class PictureSuites
{
    private const int DefaultTrain = 1024, DefaultEval = 128, Maximum = 100_000;

    /// <summary>The evaluation split draws from here on, far from the train split.</summary>
    private const long FirstEvaluation = 1L << 32;

    public static Suite Of(string name, string description, IReadOnlyList<PictureTask> tasks) => new(
        name,
        description,
        [.. tasks.Select(task => new SuiteTask(task.Name, task.Description, task.Scorer))],
        [
            ("seed", "decides every picture (default 0)"),
            ("train", $"pictures of the train split, 1 to {Maximum} (default {DefaultTrain})"),
            ("eval", $"pictures of the evaluation split, 1 to {Maximum} (default {DefaultEval})"),
        ])
    {
        Generate = uri => Generate(tasks.First(task => task.Name == uri.Task), uri),
    };

    private static TaskData Generate(PictureTask task, GeneratedTaskUri uri)
    {
        var seed = uri.Seed();
        var trainCount = uri.Count("train", DefaultTrain, 1, Maximum);
        var evalCount = uri.Count("eval", DefaultEval, 1, Maximum);
        var indices = new Dictionary<string, long>(StringComparer.Ordinal);
        List<Sample> Split(string split, int count, long first) => [.. Enumerable.Range(0, count).Select(line =>
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"{split}-{line:D6}");
            var image = $"images/{id}.png";
            indices.Add(image, first + line);
            return ToSample(task, id, image, task.Of(seed, first + line));
        })];

        var train = Split("train", trainCount, 0);
        var eval = Split("eval", evalCount, FirstEvaluation);
        var definition = new TaskDefinition
        {
            Name = task.Name,
            Description = task.Description,
            Scorer = task.Scorer,
            License = "Apache-2.0",
            Source = $"{GeneratedTaskUri.Scheme}{task.Suite}/{task.Name}?seed={seed}&train={trainCount}&eval={evalCount}",
        };
        return Suites.Finish(definition, train, eval, image => task.Of(seed, indices[image]).Picture);
    }

    private static Sample ToSample(PictureTask task, string id, string image, PictureQuestion question) => new()
    {
        Id = id,
        Messages = [new TaskMessage("user", ImageMarks.Mark + (question.Question ?? task.Question))],
        Answer = question.Answers[0],
        Accept = task.Scorer == "Pattern" ? string.Join('|', question.Answers) : null,
        Choices = question.Choices,
        Answers = question.Annotators,
        Images = [image],
    };
}
