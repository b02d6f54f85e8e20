using System.CommandLine;
using Cpt.Api.Schema;
using Cpt.Api.Schema.Reference;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt generate …</c>: files that follow from the program.</summary>
internal static class GenerateCommand
{
    public static Command Create() => new("generate", "Write the files that follow from the program")
    {
        Definitions(),
        Reference(),
    };

    private static Command Definitions() => Files(
        "crds", "Write the CustomResourceDefinitions, which teach an API server what a ContinualRun and a ContinualStudy are", "crds", (RunDefinition.FileName, RunDefinition.ToYaml), (StudyDefinition.FileName, StudyDefinition.ToYaml))
        .WithExamples("""
            Exit codes: 0 written, or equal; 65 a file differs (--check).

              cpt generate crds
              cpt generate crds --check
              cpt generate crds --output - | kubectl apply -f -
            """);

    private static Command Reference() => Files(
        "reference", "Write the reference of the API: every field, condition, reason, column, label and exit code", "docs", (ReferencePage.FileName, () => ReferencePage.ToMarkdown(typeof(ExitCodes))))
        .WithExamples("""
            Exit codes: 0 written, or equal; 65 a file differs (--check).

              cpt generate reference
              cpt generate reference --check
            """);

    private static Command Files(string name, string description, string directory, params (string Name, Func<string> Text)[] files)
    {
        var output = new Option<string>("--output") { Description = "Directory for the files; - writes to standard output", HelpName = "DIR", DefaultValueFactory = _ => directory };
        var check = new Option<bool>("--check") { Description = "Write nothing; fail when a file is missing or differs" };
        var command = new Command(name, description) { output, check };
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => WriteAllAsync(result, name, result.GetRequiredValue(output), files, result.GetValue(check))));
        return command;
    }

    private static async Task<int> WriteAllAsync(ParseResult result, string name, string directory, (string Name, Func<string> Text)[] files, bool check)
    {
        foreach (var (index, file) in files.Index())
        {
            if (directory == "-" && index > 0)
            {
                await result.InvocationConfiguration.Output.WriteAsync("---\n");
            }

            await WriteAsync(result, name, directory, file.Name, file.Text(), check);
        }

        return ExitCodes.Done;
    }

    private static async Task WriteAsync(ParseResult result, string name, string directory, string file, string text, bool check)
    {
        var console = result.InvocationConfiguration.Output;
        if (directory == "-")
        {
            await console.WriteAsync(text);
            return;
        }

        var path = Path.Combine(directory, file);
        if (!check)
        {
            Directory.CreateDirectory(directory);
            AtomicFile.Write(path, text);
            await console.WriteLineAsync(path);
            return;
        }

        if (System.IO.File.Exists(path) && await System.IO.File.ReadAllTextAsync(path) == text)
        {
            return;
        }

        throw new CliException(
            ExitCodes.BadData,
            $"{path} {(System.IO.File.Exists(path) ? "is not what this program generates" : "does not exist")}; write it with: {CommandName.Value} generate {name} --output {ShellWord.Quote(directory)}");
    }
}
