using Cpt.Api;
using Cpt.Controllers;
using Cpt.Runs;

namespace Cpt.Operator.Runs;

/// <summary>
/// A run that is being deleted is decided on like any other: the planner ends its Job, removes its artifacts and then the finalizer. The engine calls this while the finalizer is there; it
/// neither puts it on nor takes it off.
/// </summary>
internal sealed class RunFinalizer(RunController controller) : IEntityFinalizer<RunObject>
{
    /// <summary>Events of Jobs wake the run; this is only the time that says "not done yet".</summary>
    private static readonly TimeSpan s_notDoneYet = TimeSpan.FromMinutes(1);

    public static bool Holds(RunObject run) => run.Metadata.Finalizers?.Contains(Finalizers.Artifacts) == true;

    public async Task<ReconciliationResult<RunObject>> FinalizeAsync(RunObject entity, CancellationToken cancellation)
    {
        var result = await controller.ReconcileAsync(entity, cancellation);
        return result is { IsSuccess: true, RequeueAfter: null } ? ReconciliationResult<RunObject>.Success(result.Entity, s_notDoneYet) : result;
    }
}
