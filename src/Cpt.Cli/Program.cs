using System.CommandLine;
using System.CommandLine.Invocation;
using Cpt.Cli;
using Cpt.Cli.Cluster;
using Cpt.Cli.Cluster.Setup;
using Cpt.Cli.Commands;
using Cpt.Contract;

if (CommandName.IsPluginCompletion)
{
    Completion.Write(KubeCommand.Plugin(), args, Console.Out);
    return ExitCodes.Done;
}

Command root = CommandName.IsPlugin ? KubeCommand.Plugin() : CptCommand.Create();
if (args is [Completion.Verb, .. var words])
{
    Completion.Write(root, words, Console.Out);
    return ExitCodes.Done;
}

CommandExamples.Show(root);
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    if (parsed.Action is ParseErrorAction mistake)
    {
        mistake.ShowHelp = false;
    }

    await parsed.InvokeAsync();
    await Console.Error.WriteLineAsync($"See: {CommandPath(parsed.CommandResult.Command)} --help");
    // Scripts know kubectl's.
    return CommandName.IsPlugin ? ClusterErrors.ExitCode : ExitCodes.BadSpec;
}

// A run handles its own signals: it stops its trainers first and waits for what they save.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = IsOfCluster(parsed.CommandResult.Command) ? TimeSpan.FromSeconds(2) : null });

static string CommandPath(Command command) => command.Parents.OfType<Command>().FirstOrDefault() is { } parent
    ? $"{CommandPath(parent)} {command.Name}"
    : CommandName.IsPlugin ? CommandName.Cluster : "cpt";

static bool IsOfCluster(Command command) => command.Name is CommandName.Plugin or "kube" || (command.Parents.OfType<Command>().FirstOrDefault() is { } parent && IsOfCluster(parent));
