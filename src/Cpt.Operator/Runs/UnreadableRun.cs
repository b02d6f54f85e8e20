using System.Text.Json;
using Cpt.Api;
using Cpt.Controllers;
using Cpt.Planning;
using Cpt.Runs;

namespace Cpt.Operator.Runs;

/// <summary>
/// A run whose spec cannot be read gets a status all the same, with every faulty field, and can be deleted. The planner is asked with the faults as refusals and a spec that stands in for the
/// one nobody can read; what would be said about that one is left out. Its artifacts stay: the policy cannot be read either.
/// </summary>
internal sealed class UnreadableRun(RunObserver observer, RunMemories memories, PlanExecution execution)
{
    private static readonly ContinualRunSpec s_standIn = new()
    {
        BaseModel = new BaseModelSettings { Uri = "bundled://unreadable" },
        Storage = new StorageSettings { Uri = "azblob://unreadable" },
        Stages = [new RunStage { Name = "unreadable", Method = Method.SFT, Task = new StageTask { Uri = "generated://unreadable" } }],
    };

    public async Task<ReconciliationResult<RunObject>> MarkAsync(RunObject entity, ManifestException fault, CancellationToken cancellation)
    {
        var run = (entity with { Spec = new(s_standIn) }).ToRun();
        if (await observer.LookAsync(entity, run, memories.Of(entity), cancellation) is not { } seen)
        {
            return ReconciliationResult<RunObject>.Success(entity, TimeSpan.FromSeconds(1));
        }

        var plan = Planner.Decide(seen.Observation with { Refusals = fault.Errors });
        var before = run.Status ?? new ContinualRunStatus();
        var status = plan.Status with { StagesDone = before.StagesDone, Methods = before.Methods, CurrentStage = before.CurrentStage, Progress = before.Progress };
        var same = run.Status is not null && Text(status) == Text(run.Status);
        IEnumerable<PlanAction> rest = plan.Actions.Where(action => action is not (PlanAction.PersistStatus or PlanAction.DeleteArtifacts));
        plan = plan with { Status = status, Actions = same ? [.. rest] : [new PlanAction.PersistStatus(status, ProgressOnly: false), .. rest] };
        await execution.CarryAsync(entity, run, memories.Of(entity), seen, plan, job: null, cancellation);
        return ReconciliationResult<RunObject>.Success(entity);
    }

    private static string Text(ContinualRunStatus status) => JsonSerializer.Serialize(status, ApiJson.Default.ContinualRunStatus);
}
