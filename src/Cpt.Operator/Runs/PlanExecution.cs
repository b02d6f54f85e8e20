using System.Text.Json.Nodes;
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
/// Carries a plan out, in order, and stops at the first step that fails: a number is on record before its Job exists. Every step may be done again after a crash, and every write names what it
/// was decided on: the version of the run, the uid of the Job.
/// </summary>
internal sealed partial class PlanExecution(
    KubernetesClient client, EntityWriter<RunObject> writer, ClusterLookups lookups, Chronicle chronicle, WritePatience patience, ILogger<PlanExecution> log)
{
    /// <returns>When to look again because something was put off.</returns>
    /// <exception cref="KubernetesException">Refused; a conflict when the run was written in between.</exception>
    /// <exception cref="StageFailureException">Artifacts could not be deleted.</exception>
    public async Task<TimeSpan?> CarryAsync(
        RunObject entity, ContinualRun run, RunMemory memory, SeenRun seen, Plan plan, Job? job, CancellationToken cancellation)
    {
        TimeSpan? putOff = null;
        foreach (var action in plan.Actions)
        {
            switch (action)
            {
                case PlanAction.PersistStatus persist when plan.Actions.Count == 1 && patience.Left(memory, run.Status, persist) is { } wait:
                    putOff = wait;
                    break;
                case PlanAction.PersistStatus persist:
                    entity = await PersistAsync(entity, persist.Status, cancellation);
                    patience.Written(memory);
                    chronicle.Tell(entity, run, seen, plan);
                    break;
                case PlanAction.CreateJob create:
                    await CreateAsync(entity, run, memory, create, job!, plan, cancellation);
                    break;
                case PlanAction.DeleteJob delete:
                    await DeleteAsync(entity, seen, delete.JobName, delete.Reason, cancellation);
                    break;
                case PlanAction.AddFinalizer:
                    entity = await FinalizersAsync(entity, [.. entity.Metadata.Finalizers ?? [], Finalizers.Artifacts], cancellation);
                    break;
                case PlanAction.RemoveFinalizer:
                    entity = await FinalizersAsync(entity, [.. (entity.Metadata.Finalizers ?? []).Where(name => name != Finalizers.Artifacts)], cancellation);
                    break;
                case PlanAction.DeleteArtifacts artifacts:
                    await DeleteArtifactsAsync(entity, run, artifacts, cancellation);
                    break;
                case PlanAction.DeleteRun:
                    await DeleteRunAsync(entity, cancellation);
                    break;
                default:
                    throw new NotSupportedException($"The planner asks for {action.GetType().Name}, which the operator does not know.");
            }
        }

        return putOff;
    }

    /// <summary>Jobs that their queue took back while they ran: once gone, they count as taken away, and the next attempt queues up anew.</summary>
    public async Task DeleteEvictedAsync(RunObject entity, SeenRun seen, CancellationToken cancellation)
    {
        foreach (var evicted in seen.Jobs.Where(job => job.Evicted && job.Job.Metadata.DeletionTimestamp is null))
        {
            await DeleteAsync(entity, seen, evicted.Observed.Name, "Its queue suspended it while it ran.", cancellation);
        }
    }

    /// <summary>Only what differs, and only onto the version that was decided on: a decision on an older one is worth nothing.</summary>
    public async Task<RunObject> PersistAsync(RunObject entity, ContinualRunStatus status, CancellationToken cancellation) =>
        Patch.Between(entity, entity with { Status = new(status) }, client.JsonTypeOf<RunObject>(), onlyIfUnchanged: true) is { } patch
            ? await writer.PatchStatusAsync(entity, patch, cancellation: cancellation)
            : entity;

    private async Task CreateAsync(RunObject entity, ContinualRun run, RunMemory memory, PlanAction.CreateJob create, Job job, Plan plan, CancellationToken cancellation)
    {
        try
        {
            if (job.Spec.CompletionMode is not null)
            {
                await CreatePeersAsync(entity, run, cancellation);
            }

            await writer.CreateAsync(entity, job, cancellation: cancellation);
        }
        catch (KubernetesException there) when (there.IsAlreadyExists)
        {
            // Ours, from before a crash; or an earlier run's of this name that is still being removed: the cache is about to show which.
            return;
        }
        catch (KubernetesException refusal) when (PodCheck.Fault(refusal, Workload.Of(run, create.Spec.Index)) is { } fault)
        {
            memory.PodFault = fault;
            throw;
        }
        catch (KubernetesException refusal) when (!refusal.IsTransient && !refusal.IsConflict)
        {
            chronicle.NotCreated(entity, create, refusal.Status.Message ?? refusal.Message);
            throw;
        }

        chronicle.Started(entity, run, memory, create, plan);
        Started(run.Metadata.Namespace, run.Metadata.Name, create.Spec.Stage, create.Spec.Attempt, create.JobName);
    }

    private async Task CreatePeersAsync(RunObject entity, ContinualRun run, CancellationToken cancellation)
    {
        try
        {
            // Not announced: nobody watches Services, and one that is there already is as good.
            await client.CreateAsync(Peers.Service(entity, run), cancellation: cancellation);
        }
        catch (KubernetesException there) when (there.IsAlreadyExists)
        {
        }
    }

    private async Task DeleteAsync(RunObject entity, SeenRun seen, string name, string reason, CancellationToken cancellation)
    {
        if (seen.Jobs.FirstOrDefault(job => job.Observed.Name == name) is not { } known)
        {
            return;
        }

        try
        {
            // Foreground: the Job stays to be seen while a pod of it saves.
            await writer.DeleteAsync(entity, known.Job, new DeleteOptions { PropagationPolicy = PropagationPolicy.Foreground }, cancellation);
            Stopped(entity.Metadata.Namespace, entity.Metadata.Name!, known.Observed.Stage, known.Observed.Attempt, reason);
        }
        catch (KubernetesException other) when (other.IsConflict)
        {
            // Another Job of this name: the one that was meant is gone.
        }
    }

    private async Task<RunObject> FinalizersAsync(RunObject entity, IReadOnlyList<string> finalizers, CancellationToken cancellation)
    {
        var changes = new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["resourceVersion"] = entity.Metadata.ResourceVersion,
                ["finalizers"] = new JsonArray([.. finalizers.Select(name => JsonValue.Create(name))]),
            },
        };
        try
        {
            return await writer.PatchAsync(entity, entity, Patch.Merge(changes), cancellation: cancellation);
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
            return entity;
        }
    }

    private async Task DeleteArtifactsAsync(RunObject entity, ContinualRun run, PlanAction.DeleteArtifacts artifacts, CancellationToken cancellation)
    {
        var open = await lookups.OpenAsync(run, cancellation);
        try
        {
            var store = open.Store();
            foreach (var hash in artifacts.StageHashes)
            {
                await store.DeleteStageAsync(hash, cancellation);
            }

            await store.DeleteRunAsync(run.Metadata.Namespace ?? RunDefaults.Namespace, run.Metadata.Name, cancellation);

            ArtifactsDeleted(run.Metadata.Namespace, run.Metadata.Name, artifacts.StageHashes.Count, run.Spec.Storage.Uri);
        }
        catch (StageFailureException failure)
        {
            var message = open.Redact(failure.Message);
            chronicle.ArtifactsNotDeleted(entity, message);
            throw new StageFailureException(failure.ExitCode, failure.Reason, message);
        }
    }

    private async Task DeleteRunAsync(RunObject entity, CancellationToken cancellation)
    {
        try
        {
            await client.DeleteAsync<RunObject>(entity.Metadata.Name!, entity.Metadata.Namespace, new DeleteOptions { Uid = entity.Metadata.Uid, PropagationPolicy = PropagationPolicy.Background }, cancellation);
            Expired(entity.Metadata.Namespace, entity.Metadata.Name!);
        }
        catch (KubernetesException gone) when (gone.IsNotFound)
        {
        }
    }

    [LoggerMessage(EventId = 10, Level = LogLevel.Information, Message = "Run {Namespace}/{Run}, stage {Stage}: attempt {Attempt} is {Job}")]
    private partial void Started(string? @namespace, string run, string stage, int attempt, string job);

    [LoggerMessage(EventId = 11, Level = LogLevel.Information, Message = "Run {Namespace}/{Run}, stage {Stage}: attempt {Attempt} is asked to end. {Reason}")]
    private partial void Stopped(string? @namespace, string run, string stage, int attempt, string reason);

    [LoggerMessage(EventId = 12, Level = LogLevel.Information, Message = "Run {Namespace}/{Run}: artifacts of {Count} stages are deleted from {Storage}")]
    private partial void ArtifactsDeleted(string? @namespace, string run, int count, string storage);

    [LoggerMessage(EventId = 13, Level = LogLevel.Information, Message = "Run {Namespace}/{Run} has ended long enough ago and is deleted")]
    private partial void Expired(string? @namespace, string run);
}
