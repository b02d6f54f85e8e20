using System.CommandLine;
using System.Globalization;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task generate SUITE --output DIR</c>: writes every task of a suite, one directory each.</summary>
internal static class TaskGenerateCommand
{
    public static Command Create()
    {
        var suite = new Argument<string>("suite") { Description = $"Which family of tasks: {string.Join(" or ", Suites.Names)}" };
        var output = new Option<string>("--output") { Description = "Directory that gets one directory per task", Required = true, HelpName = "DIR" };
        var seed = NumberOption.Whole(new Option<ulong?>("--seed") { Description = "Decides everything that is drawn; the same seed writes the same bytes (default 0)", HelpName = "N" }, 0);
        var train = NumberOption.Whole(new Option<int?>("--train") { Description = "Lines of each train split (default: digits 2048, world all, pictures 1024)", HelpName = "N" }, 1);
        var eval = NumberOption.Whole(new Option<int?>("--eval") { Description = "Lines of each evaluation split (default: digits 256, world all that are taught, pictures 128)", HelpName = "N" }, 1);
        var answers = new Option<string?>("--answers") { Description = "digits: canonical (default) or any right answer", HelpName = "canonical|any" };
        var force = new Option<bool>("--force") { Description = "Replace tasks that are already in DIR; other files stay" };
        var command = new Command("generate", "Write the tasks of a suite as files") { suite, output, seed, train, eval, answers, force };
        command.SetAction(result => TaskCommand.Reporting(result, text =>
        {
            var options = new Dictionary<string, string>(StringComparer.Ordinal);
            Add("seed", result.GetValue(seed)?.ToString(CultureInfo.InvariantCulture));
            Add("train", result.GetValue(train)?.ToString(CultureInfo.InvariantCulture));
            Add("eval", result.GetValue(eval)?.ToString(CultureInfo.InvariantCulture));
            Add("answers", result.GetValue(answers));

            var family = Suites.Get(result.GetRequiredValue(suite));
            var tasks = family.Tasks.Select(task => Suites.Generate(new GeneratedTaskUri(family.Name, task.Name, options))).ToList();
            var directory = Path.GetFullPath(result.GetRequiredValue(output));
            try
            {
                TaskWriter.WriteAll(directory, tasks, result.GetValue(force));
            }
            catch (IOException taken) when (!result.GetValue(force) && Directory.Exists(directory) && Directory.EnumerateFileSystemEntries(directory).Any())
            {
                throw new IOException(taken.Message + "; give another --output, or --force to replace the tasks in it", taken);
            }

            foreach (var task in tasks)
                text.WriteLine($"{Path.Combine(directory, task.Name)}  {task.Train.Count} train, {task.Eval.Count} eval, {task.Definition.Scorer}");
            return 0;

            void Add(string key, string? value)
            {
                if (value is not null)
                    options.Add(key, value);
            }
        }));
        return command;
    }
}
