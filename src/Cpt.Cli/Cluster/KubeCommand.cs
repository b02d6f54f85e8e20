using System.CommandLine;
using System.CommandLine.Help;
using Cpt.Cli.Cluster.Changes;
using Cpt.Cli.Cluster.Logs;
using Cpt.Cli.Cluster.Setup;
using Cpt.Cli.Commands;

namespace Cpt.Cli.Cluster;

/// <summary>Commands about runs on a cluster: <c>cpt kube …</c>, and as a plugin <c>kubectl cpt …</c>.</summary>
internal static class KubeCommand
{
    /// <summary>As a part of <c>cpt</c>.</summary>
    /// <param name="program">What its examples begin with.</param>
    public static Command Create(string program) => Fill(new Command("kube", "Runs on a cluster: status, matrix, logs, report, retry, suspend, resume (also as kubectl cpt …)"), program)
        .WithExamples($"""
            The same commands as kubectl cpt …, for machines without the plugin. To make it one: {program} install

              {program} status demo
              {program} logs demo -f
            """);

    /// <summary>As a program of its own.</summary>
    public static Command Plugin()
    {
        var root = Fill(
            new Command(CommandName.Plugin, """
                Runs of the CPT operator on a cluster.

                A ContinualRun adapts a model to one task after another; kubectl applies, lists, describes and deletes it as any other object (kubectl get crun).
                These commands show what a table of fields cannot, and do in one word what would be a patch.
                """),
            CommandName.Cluster)
            .WithExamples("""
                  kubectl cpt status demo -w        how far it is, until it ends
                  kubectl cpt logs demo -f          what the trainer says, across attempts and stages
                  kubectl cpt matrix demo           what it has learned, and what it forgot
                  kubectl cpt retry demo            after the cause of a failure was mended

                Exit codes: 0 done; 1 an error (status -w: the run failed).
                """);
        root.Add(new HelpOption());
        return root;
    }

    private static Command Fill(Command command, string program)
    {
        var options = new ClusterOptions();
        foreach (var option in options.All)
        {
            command.Add(option);
        }

        command.Add(StatusCommand.Create(options, program));
        command.Add(ListCommand.Create(options, program));
        command.Add(MatrixCommand.Create(options, program));
        command.Add(LogsCommand.Create(options, program));
        command.Add(ReportCommand.Create(options, program));
        command.Add(StudyCommand.Create(options, program));
        command.Add(ExportCommand.Create(options, program));
        command.Add(RetryCommand.Create(options, program));
        command.Add(SuspensionCommands.Suspend(options, program));
        command.Add(SuspensionCommands.Resume(options, program));
        command.Add(VersionCommand.Create(options, program));
        command.Add(InstallCommand.Create(program));
        command.SetAction(result => command.Parse("--help").Invoke(result.InvocationConfiguration));
        return command;
    }
}
