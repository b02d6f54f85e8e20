using System.CommandLine;
using System.CommandLine.Invocation;
using Cpt.Cli.Commands;
using Cpt.Contract;

var root = new RootCommand("""
    Continual post-training: adapts a model to one task after another, measured after every step.

    One ContinualRun (a YAML file) names a base model and an ordered list of stages; the same file runs here and on a cluster.

      cpt run -f examples/quickstart.yaml          runs a whole chain on this machine
      cpt plan -f examples/quickstart.yaml         says what that would do, and why
      cpt status -f examples/quickstart.yaml       how far it is, and the accuracy matrix
      cpt report -f examples/quickstart.yaml       writes it all into one HTML page

    Exit codes: 0 done; 1 the run failed; 64 wrong manifest or usage; 65 bad data; 66 an input was not found;
    69 storage unavailable; 70 a bug; 75 stopped on request, the same command goes on.
    """)
{
    RunCommand.Create(),
    PlanCommand.Create(),
    ValidateCommand.Create(),
    StatusCommand.Create(),
    ReportCommand.Create(),
    ModelCommand.Create(),
    TaskCommand.Create(),
    PretrainCommand.Create(),
    BenchCommand.Create(),
    GenerateCommand.Create(),
};

CommandExamples.Show(root);
root.SetAction(_ => root.Parse("--help").Invoke());

var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    if (parsed.Action is ParseErrorAction mistake)
    {
        mistake.ShowHelp = false;
    }

    await parsed.InvokeAsync();
    await Console.Error.WriteLineAsync($"See: {CommandPath(parsed.CommandResult.Command)} --help");
    return ExitCodes.BadSpec;
}

// A run handles its own signals: it stops its trainers first and waits for what they save.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });

static string CommandPath(Command command) =>
    command is RootCommand || command.Parents.OfType<Command>().FirstOrDefault() is not { } parent ? "cpt" : $"{CommandPath(parent)} {command.Name}";
