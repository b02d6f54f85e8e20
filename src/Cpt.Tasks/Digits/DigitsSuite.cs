namespace Cpt.Tasks;

/// <summary>
/// Small tasks on three digits on which forgetting can be watched within minutes: four general skills and three new tasks with
/// many right answers each. Prompts look like <c>P123=</c>, answers are three digits.
/// </summary>
public static class DigitsSuite
{
    public const string Name = "digits";
    public const int DefaultTrain = 2048;
    public const int DefaultEval = 256;

    // A prompt of the evaluation split never stands in the train split, so some must be left for it.
    private const int MaxEval = DigitTask.Inputs - 100;
    private const int MaxTrain = 1_000_000;

    /// <summary>Skills with one right answer that pretraining teaches: copy, reverse, increment, rotate.</summary>
    public static IReadOnlyList<DigitTask> GeneralSkills { get; } = [.. DigitTask.All.Where(task => task.IsGeneral)];

    /// <summary>Tasks with many right answers for the stages: parity, half, residue.</summary>
    public static IReadOnlyList<DigitTask> NewTasks { get; } = [.. DigitTask.All.Where(task => !task.IsGeneral)];

    public static Suite Suite { get; } = new(
        Name,
        "Rules on three digits: four general skills and three new tasks with many right answers",
        [.. DigitTask.All.Select(task => new SuiteTask(task.Name, task.Description, ScorerOf(task)))],
        [
            ("seed", "which prompts go to which split, their order, and the answers drawn (default 0)"),
            ("train", $"lines of the train split, 1 to {MaxTrain} (default {DefaultTrain}); prompts repeat when there are more lines than prompts left"),
            ("eval", $"lines of the evaluation split, 1 to {MaxEval} (default {DefaultEval}); all prompts differ, and none is in the train split"),
            ("answers", "canonical: the smallest right digits (default); any: right digits drawn at random for every train line"),
        ])
    {
        Generate = Generate,
    };

    private static TaskData Generate(GeneratedTaskUri uri)
    {
        var task = DigitTask.All.First(task => task.Name == uri.Task);
        var any = uri.Options.GetValueOrDefault("answers", "canonical") switch
        {
            "canonical" => false,
            "any" => true,
            var other => throw new TaskDataException($"task {uri}: answers={other} must be canonical or any"),
        };
        var seed = uri.Seed();
        var trainCount = uri.Count("train", DefaultTrain, 1, MaxTrain);
        var evalCount = uri.Count("eval", DefaultEval, 1, MaxEval);

        var name = SplitMix64.Hash(task.Name);
        var inputs = Enumerable.Range(0, DigitTask.Inputs).ToArray();
        new SplitMix64(seed, name, 0).Shuffle(inputs);
        var eval = inputs[..evalCount].Select((input, line) => ToSample(task, $"eval-{line:D6}", input, task.Canonical(input)));
        var rest = inputs[evalCount..];
        var order = new SplitMix64(seed, name, 1);
        var draw = new SplitMix64(seed, name, 2);
        var train = new List<Sample>(trainCount);
        while (train.Count < trainCount)
        {
            order.Shuffle(rest);
            foreach (var input in rest.Take(trainCount - train.Count))
            {
                var answer = any ? string.Concat(task.ValidDigits(input).Select(draw.Pick)) : task.Canonical(input);
                train.Add(ToSample(task, $"train-{train.Count:D6}", input, answer));
            }
        }

        var definition = new TaskDefinition
        {
            Name = task.Name,
            Description = task.Description,
            Scorer = ScorerOf(task),
            License = "Apache-2.0",
            Source = $"{GeneratedTaskUri.Scheme}{Name}/{task.Name}?seed={seed}&train={trainCount}&eval={evalCount}&answers={(any ? "any" : "canonical")}",
        };
        return Suites.Finish(definition, train, [.. eval]);
    }

    private static string ScorerOf(DigitTask task) => task.IsGeneral ? "ExactMatch" : "Pattern";

    private static Sample ToSample(DigitTask task, string id, int input, string answer) => new()
    {
        Id = id,
        Messages = [new TaskMessage("user", task.Prompt(input))],
        Answer = answer,
        Accept = task.IsGeneral ? null : task.Accept(input),
    };
}
