using Cpt.Api;
using Cpt.Contract;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Jobs;
using Cpt.Operator.Lookups;
using Cpt.Planning;
using Cpt.Runs;
using Microsoft.Extensions.Logging;

namespace Cpt.Operator.Runs;

/// <summary>
/// Gather, ask the planner, act. Every rule of the chain is the planner's; here is only how a cluster is looked at and how it is changed. Nothing remembered here is needed: a process
/// that starts in the middle of a run decides the same.
/// </summary>
internal sealed partial class RunController(
    RunObserver observer, ClusterLookups lookups, PlanExecution execution, PodCheck check, UnreadableRun unreadable, RunMemories memories, TrainerSettings trainer,
    TimeProvider time, ILogger<RunController> log) : IEntityController<RunObject>
{
    /// <summary>While a cache is behind: its event wakes the run anyway.</summary>
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    public async Task<ReconciliationResult<RunObject>> ReconcileAsync(RunObject entity, CancellationToken cancellation)
    {
        var memory = memories.Of(entity);
        ContinualRun run;
        try
        {
            run = entity.ToRun();
        }
        catch (ManifestException fault)
        {
            return await unreadable.MarkAsync(entity, fault, cancellation);
        }

        if (await observer.LookAsync(entity, run, memory, cancellation) is not { } seen)
        {
            return ReconciliationResult<RunObject>.Success(entity, s_soon);
        }

        try
        {
            return await DecideAsync(entity, run, memory, seen, cancellation);
        }
        catch (KubernetesException conflict) when (conflict.IsConflict)
        {
            // Somebody wrote in between; what they wrote is on its way to the cache and wakes the run again.
            WroteInBetween(run.Metadata.Namespace, run.Metadata.Name);
            return ReconciliationResult<RunObject>.Success(entity, s_soon);
        }
        catch (StageFailureException failure)
        {
            return ReconciliationResult<RunObject>.Failure(entity, failure.Message, failure);
        }
    }

    public Task<ReconciliationResult<RunObject>> DeletedAsync(RunObject entity, CancellationToken cancellation)
    {
        memories.Forget(entity);
        return Task.FromResult(ReconciliationResult<RunObject>.Success(entity));
    }

    private async Task<ReconciliationResult<RunObject>> DecideAsync(RunObject entity, ContinualRun run, RunMemory memory, SeenRun seen, CancellationToken cancellation)
    {
        await execution.DeleteEvictedAsync(entity, seen, cancellation);
        if (await lookups.CompleteAsync(memory, ObjectKey.Of(entity), seen.Observation, cancellation) is not { } observation)
        {
            return ReconciliationResult<RunObject>.Success(entity, lookups.UntilTelling(memory));
        }

        var plan = Planner.Decide(observation);
        var job = plan.Actions.OfType<PlanAction.CreateJob>().FirstOrDefault() is { } create ? await MakeAsync(entity, run, memory, create, cancellation) : null;
        if (job is null && memory.PodFault is { } fault && !observation.Refusals.Contains(fault))
        {
            plan = Planner.Decide(observation with { Refusals = [.. observation.Refusals, fault] });
        }

        var after = await execution.CarryAsync(entity, run, memory, seen, plan, job, cancellation);
        if (memory.Known.IsFailing)
        {
            memory.Known.Refresh();
        }
        else if (job is not null || plan.Outcome != RunOutcome.Active || seen.Observation.Jobs.Any(known => known.Live))
        {
            memory.Known.ForgetDocuments();
        }

        return ReconciliationResult<RunObject>.Success(entity, Earlier(after, Until(plan.RequeueAt)));
    }

    /// <returns>Null when it cannot be made; the memory holds why.</returns>
    private async Task<Job?> MakeAsync(RunObject entity, ContinualRun run, RunMemory memory, PlanAction.CreateJob create, CancellationToken cancellation)
    {
        try
        {
            var job = StageJob.Build(entity, run, create, trainer);
            memory.PodFault = await check.CheckAsync(job, run, Workload.Of(run, create.Spec.Index), cancellation);
            return memory.PodFault is null ? job : null;
        }
        catch (PodFaultException fault)
        {
            memory.PodFault = fault.Fault;
            return null;
        }
    }

    /// <summary>The planner knows whole seconds: looked at a moment before one is full, nothing would be due.</summary>
    private TimeSpan? Until(DateTimeOffset? due)
    {
        if (due is not { } at)
        {
            return null;
        }

        var part = at.Ticks % TimeSpan.TicksPerSecond;
        var left = at.AddTicks(part == 0 ? 0 : TimeSpan.TicksPerSecond - part) - time.GetUtcNow();
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private static TimeSpan? Earlier(TimeSpan? one, TimeSpan? other) => one is { } first && other is { } second ? (first < second ? first : second) : one ?? other;

    [LoggerMessage(EventId = 1, Level = LogLevel.Debug, Message = "Run {Namespace}/{Run} was written by somebody else in between; looking again")]
    private partial void WroteInBetween(string? @namespace, string run);
}
