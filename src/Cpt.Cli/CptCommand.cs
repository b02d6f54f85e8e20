using System.CommandLine;
using Cpt.Cli.Cluster;
using Cpt.Cli.Cluster.Setup;
using Cpt.Cli.Commands;

namespace Cpt.Cli;

/// <summary><c>cpt</c> with all its commands.</summary>
internal static class CptCommand
{
    public static RootCommand Create()
    {
        var root = new RootCommand("""
            Continual post-training: adapts a model to one task after another, measured after every step.

            One ContinualRun (a YAML file) names a base model and an ordered list of stages; the same file runs here and on a cluster.

              cpt run -f examples/quickstart.yaml          runs a whole chain on this machine
              cpt study -f examples/study/small.yaml       compares methods over several seeds, and makes one table
              cpt plan -f examples/quickstart.yaml         says what that would do, and why
              cpt probe -f examples/quickstart.yaml        says whether RFT has something to learn from
              cpt status -f examples/quickstart.yaml       how far it is, and the accuracy matrix
              cpt report -f examples/quickstart.yaml       writes it all into one HTML page
              cpt kube status RUN                          the same for a run on a cluster (or: kubectl cpt status RUN)
              cpt cluster up                               a Kubernetes cluster of your own on this machine, operator included

            Exit codes: 0 done; 1 the run failed; 64 wrong manifest or usage; 65 bad data; 66 an input was not found;
            69 storage unavailable; 70 a bug; 75 stopped on request, the same command goes on.
            """)
        {
            RunCommand.Create(),
            Commands.StudyCommand.Create(),
            PlanCommand.Create(),
            ValidateCommand.Create(),
            ProbeCommand.Create(),
            Commands.StatusCommand.Create(),
            Commands.ReportCommand.Create(),
            KubeCommand.Create(CommandName.Cluster),
            LocalClusterCommand.Create(),
            ModelCommand.Create(),
            TaskCommand.Create(),
            PretrainCommand.Create(),
            BenchCommand.Create(),
            GenerateCommand.Create(),
            CompletionCommand.Create(),
        };
        root.SetAction(_ => root.Parse("--help").Invoke());
        return root;
    }
}
