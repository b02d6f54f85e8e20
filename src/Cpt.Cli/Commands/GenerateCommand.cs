using System.CommandLine;
using Cpt.Api.Schema;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt generate …</c>: files that follow from the program.</summary>
internal static class GenerateCommand
{
    public static Command Create() => new("generate", "Write the files that follow from the program")
    {
        Definitions(),
    };

    private static Command Definitions()
    {
        var output = new Option<string>("--output") { Description = "Directory for the files; - writes to standard output", HelpName = "DIR", DefaultValueFactory = _ => "crds" };
        var check = new Option<bool>("--check") { Description = "Write nothing; fail when a file is missing or differs" };
        var command = new Command("crds", "Write the CustomResourceDefinition, which teaches an API server what a ContinualRun is") { output, check }.WithExamples("""
            Exit codes: 0 written, or equal; 65 a file differs (--check).

              cpt generate crds
              cpt generate crds --check
              cpt generate crds --output - | kubectl apply -f -
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => WriteAsync(result, result.GetRequiredValue(output), result.GetValue(check))));
        return command;
    }

    private static async Task<int> WriteAsync(ParseResult result, string directory, bool check)
    {
        var (console, text) = (result.InvocationConfiguration.Output, RunDefinition.ToYaml());
        if (directory == "-")
        {
            await console.WriteAsync(text);
            return ExitCodes.Done;
        }

        var path = Path.Combine(directory, RunDefinition.FileName);
        if (!check)
        {
            Directory.CreateDirectory(directory);
            AtomicFile.Write(path, text);
            await console.WriteLineAsync(path);
            return ExitCodes.Done;
        }

        if (File.Exists(path) && await File.ReadAllTextAsync(path) == text)
        {
            return ExitCodes.Done;
        }

        throw new CliException(ExitCodes.BadData, $"{path} {(File.Exists(path) ? "is not what this program generates" : "does not exist")}; write it with: {CommandName.Value} generate crds --output {ShellWord.Quote(directory)}");
    }
}
