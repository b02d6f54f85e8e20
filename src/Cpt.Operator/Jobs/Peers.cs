using System.Globalization;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Operator.Jobs;

/// <summary>
/// How the workers of one stage find each other: an Indexed Job gives each pod a number and a host name, a headless Service makes the names known, and the environment holds
/// what <c>torchrun</c> users expect. One Service serves all Jobs of a run; it is owned by the run.
/// </summary>
internal static class Peers
{
    private const int MasterPort = 29500;

    /// <summary>Set on each pod of an Indexed Job by the Job controller.</summary>
    public const string IndexAnnotation = "batch.kubernetes.io/job-completion-index";

    public static string ServiceName(ContinualRun run) => run.Metadata.Name + "-peers";

    public static IEnumerable<EnvVar> Environment(ContinualRun run, Workload workload, string job)
    {
        if (workload is { Nodes: 1, ProcessesPerNode: 1 })
        {
            yield break;
        }

        yield return new EnvVar { Name = "MASTER_ADDR", Value = workload.Nodes > 1 ? $"{job}-0.{ServiceName(run)}" : "localhost" };
        yield return new EnvVar { Name = "MASTER_PORT", Value = Text(MasterPort) };
        yield return new EnvVar { Name = "NNODES", Value = Text(workload.Nodes) };
        yield return workload.Nodes > 1
            ? new EnvVar { Name = "NODE_RANK", ValueFrom = new EnvVarSource { FieldRef = new ObjectFieldSelector { FieldPath = $"metadata.annotations['{IndexAnnotation}']" } } }
            : new EnvVar { Name = "NODE_RANK", Value = "0" };
        yield return new EnvVar { Name = "NPROC_PER_NODE", Value = Text(workload.ProcessesPerNode) };
    }

    public static Service Service(RunObject owner, ContinualRun run) => new()
    {
        Metadata = new()
        {
            Name = ServiceName(run),
            Namespace = owner.Metadata.Namespace,
            Labels = new(StringComparer.Ordinal) { [Labels.Run] = run.Metadata.Name, [Labels.ManagedBy] = Labels.ManagedByValue },
            OwnerReferences = [OwnerReference.ControllerOf(owner)],
        },
        Spec = new ServiceSpec
        {
            ClusterIP = "None",
            Selector = new(StringComparer.Ordinal) { [Labels.Run] = run.Metadata.Name, [Labels.ManagedBy] = Labels.ManagedByValue },
            // Workers meet before any of them is ready.
            PublishNotReadyAddresses = true,
            Ports = [new ServicePort { Name = "rendezvous", Port = MasterPort, Protocol = "TCP" }],
        },
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
