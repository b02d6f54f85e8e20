using System.CommandLine;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary>Options that several commands share, with one meaning.</summary>
internal static class RunOptions
{
    public const string StateDirectory = ".cpt";

    public static Option<string> RequiredFile() =>
        NotEmpty(new Option<string>("--file", "-f") { Description = "The ContinualRun manifest (YAML or JSON); - reads standard input", HelpName = "FILE", Required = true });

    public static Option<string?> File() =>
        NotEmpty(new Option<string?>("--file", "-f") { Description = "The ContinualRun manifest, to find its work directory", HelpName = "FILE" });

    public static Option<string?> Workdir() =>
        NotEmpty(new Option<string?>("--workdir") { Description = $"Where the run keeps its state (default {StateDirectory}/<run name>)", HelpName = "DIR" });

    /// <summary>An empty path is a shell variable that was not set.</summary>
    public static TOption NotEmpty<TOption>(TOption option)
        where TOption : Option
    {
        option.Validators.Add(result =>
        {
            if (result.Tokens.Any(token => token.Value.Length == 0))
            {
                result.AddError($"{option.Name}: is empty; expected {(option.HelpName == "DIR" ? "a directory" : "a file")}");
            }
        });
        return option;
    }

    public static Option<long?> Seed() => NumberOption.Whole(new Option<long?>("--seed") { Description = "Use this seed instead of spec.seed", HelpName = "N" }, long.MinValue);

    public static Option<string> Output(string description, params string[] forms)
    {
        var option = new Option<string>("--output", "-o") { Description = description, HelpName = "FORMAT", DefaultValueFactory = _ => forms[0] };
        return option.AcceptOnlyFromAmong(forms);
    }

    public static WorkDirectory WorkdirOf(string? given, string runName) => new(given ?? Path.Combine(StateDirectory, runName));

    /// <summary>For commands that look at a run: named by its directory, by its manifest, or the only one here.</summary>
    /// <exception cref="CliException">66: there is none, or it is not clear which.</exception>
    public static WorkDirectory Existing(string? workdir, string? file)
    {
        if (workdir is not null)
        {
            return new WorkDirectory(workdir);
        }

        if (file is not null)
        {
            return WorkdirOf(null, RunSource.Load(file).Run.Metadata.Name);
        }

        string[] known = Directory.Exists(StateDirectory)
            ? [.. Directory.EnumerateDirectories(StateDirectory).Where(path => System.IO.File.Exists(new WorkDirectory(path).RunFile)).Order(StringComparer.Ordinal)]
            : [];
        return known.Length switch
        {
            1 => new WorkDirectory(known[0]),
            0 => throw new CliException(ExitCodes.InputNotFound, $"No run was found in {StateDirectory}/ here. Name one with --workdir DIR or -f FILE, or start one: {CommandName.Value} run -f examples/quickstart.yaml"),
            _ => throw new CliException(ExitCodes.InputNotFound, $"Several runs are here; name one: {string.Join(", ", known.Select(path => "--workdir " + path))}"),
        };
    }
}
