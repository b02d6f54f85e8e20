using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Contract;

namespace Cpt.Cli.Cluster.Setup;

/// <summary><c>cpt kube install</c>: the two links by which kubectl finds its plugin and the plugin's completion.</summary>
internal static class InstallCommand
{
    public static Command Create(string program)
    {
        var directory = RunOptions.NotEmpty(new Option<string?>("--dir") { Description = "A directory on PATH (default ~/.local/bin)", HelpName = "DIR" });
        var force = new Option<bool>("--force") { Description = "Replace files of those names that are something else" };
        var command = new Command("install", "Make this program known to kubectl as kubectl cpt, with completion of names")
        {
            directory, force,
        }.WithExamples($"""
            Makes two links to this program: {CommandName.Plugin}, and {CommandName.PluginCompletion}, which kubectl 1.26 and later ask to complete words.
            Deleting them undoes it.

              {program} install --dir ~/bin
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, async () =>
        {
            var target = CommandName.Program
                ?? throw new CliException(ExitCodes.BadSpec, $"error: this is the dotnet host, to which a link says nothing; start ./cpt, or the published program, and install with that");
            var place = Path.GetFullPath(result.GetValue(directory) ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "bin"));
            foreach (var line in Links.Make(place, target, result.GetValue(force)))
            {
                await result.InvocationConfiguration.Output.WriteLineAsync(line);
            }

            if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Select(part => part.TrimEnd('/')).Contains(place, StringComparer.Ordinal))
            {
                await result.InvocationConfiguration.Error.WriteLineAsync($"{place} is not on PATH; kubectl finds plugins only there. Add it: export PATH=\"$PATH:{place}\"");
            }

            return ExitCodes.Done;
        }));
        return command;
    }
}
