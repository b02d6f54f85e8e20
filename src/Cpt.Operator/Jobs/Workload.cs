using System.Text.Json.Nodes;
using Cpt.Api;

namespace Cpt.Operator.Jobs;

/// <summary>How the pods of one stage look: <c>spec.template</c>, with the fields that the stage's own template sets in their place.</summary>
internal sealed record Workload
{
    /// <summary>0-based place of the stage.</summary>
    public required int Stage { get; init; }

    public required string? Image { get; init; }

    public required int Nodes { get; init; }

    public required int ProcessesPerNode { get; init; }

    public required JsonObject? Resources { get; init; }

    public required string? ServiceAccountName { get; init; }

    public required long GraceSeconds { get; init; }

    public required JsonObject? PodOverrides { get; init; }

    /// <summary>Which of the two templates a field came from, as a path for messages.</summary>
    public required Func<string, string> PathOf { get; init; }

    /// <summary>GPUs of all nodes, as the limits name them: <c>nvidia.com/gpu</c>, <c>amd.com/gpu</c>, <c>nvidia.com/mig-1g.5gb</c>, <c>gpu.intel.com/i915</c>.</summary>
    public int Gpus => Nodes * (Resources?["limits"] as JsonObject ?? [])
        .Where(limit => limit.Key.Contains("gpu", StringComparison.Ordinal) || limit.Key.Contains("/mig-", StringComparison.Ordinal))
        .Sum(limit => int.TryParse(limit.Value?.ToString(), out var count) ? count : 0);

    /// <param name="run">With or without defaults applied.</param>
    /// <param name="stage">0-based place of the stage.</param>
    public static Workload Of(ContinualRun run, int stage)
    {
        var common = run.Spec.Template ?? new WorkloadTemplate();
        var own = run.Spec.Stages[stage].Template ?? new WorkloadTemplate();
        var workers = StageWorkers.Of(run, stage);
        return new Workload
        {
            Stage = stage,
            Image = own.Image ?? common.Image,
            Nodes = workers.Nodes,
            ProcessesPerNode = workers.ProcessesPerNode,
            Resources = own.Resources ?? common.Resources,
            ServiceAccountName = own.ServiceAccountName ?? common.ServiceAccountName,
            GraceSeconds = own.TerminationGracePeriodSeconds ?? common.TerminationGracePeriodSeconds ?? RunDefaults.TerminationGracePeriodSeconds,
            PodOverrides = own.PodOverrides ?? common.PodOverrides,
            PathOf = field => IsSet(own, field) ? $"spec.stages[{stage}].template.{field}" : $"spec.template.{field}",
        };
    }

    private static bool IsSet(WorkloadTemplate own, string field) => field switch
    {
        "image" => own.Image is not null,
        "nodes" => own.Nodes is not null,
        "processesPerNode" => own.ProcessesPerNode is not null,
        "resources" => own.Resources is not null,
        "serviceAccountName" => own.ServiceAccountName is not null,
        "terminationGracePeriodSeconds" => own.TerminationGracePeriodSeconds is not null,
        "podOverrides" => own.PodOverrides is not null,
        _ => false,
    };
}
