using System.CommandLine;
using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt task</c>: makes, lists and checks tasks.</summary>
internal static class TaskCommand
{
    public static Command Create() => new("task", "Make, list and check tasks")
    {
        TaskGenerateCommand.Create(),
        TaskListCommand.Create(),
        TaskImportCommand.Create(),
        TaskCheckCommand.Create(),
    };

    /// <summary>Runs the body; a wrong task ends with 65, a missing one with 66, and one line on standard error.</summary>
    internal static int Reporting(ParseResult result, Func<TextWriter, int> body)
    {
        var error = result.InvocationConfiguration.Error;
        try
        {
            return body(result.InvocationConfiguration.Output);
        }
        catch (TaskDataException wrong)
        {
            foreach (var line in wrong.Errors)
                error.WriteLine("error: " + line);
            return ExitCodes.BadData;
        }
        catch (TaskNotFoundException missing)
        {
            error.WriteLine("error: " + missing.Message);
            return ExitCodes.InputNotFound;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            error.WriteLine("error: " + failed.Message);
            return 1;
        }
    }
}
