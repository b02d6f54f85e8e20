using System.CommandLine;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task list</c>: what can be generated, and how it is named in a manifest.</summary>
internal static class TaskListCommand
{
    public static Command Create()
    {
        var command = new Command("list", "List the tasks that can be generated, and the scorers");
        command.SetAction(result => TaskCommand.Reporting(result, output =>
        {
            foreach (var suite in Suites.All)
            {
                output.WriteLine($"{suite.Name}: {suite.Description}");
                foreach (var task in suite.Tasks)
                    output.WriteLine($"  {GeneratedTaskUri.Scheme + suite.Name + "/" + task.Name,-32} {task.Scorer,-11} {task.Description}");

                output.WriteLine("  options");
                foreach (var (name, meaning) in suite.Options)
                    output.WriteLine($"    {name,-8} {meaning}");

                output.WriteLine();
            }

            output.WriteLine($"scorers: {string.Join(", ", Scorers.Names)}");
            return 0;
        }));
        return command;
    }
}
