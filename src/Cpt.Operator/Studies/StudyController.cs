using Cpt.Api;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Planning;
using Cpt.Runs;
using Microsoft.Extensions.Logging;

namespace Cpt.Operator.Studies;

/// <summary>Looks at a study and its runs, asks the planner, and acts. The runs themselves are looked after as any other.</summary>
internal sealed partial class StudyController(
    IInformerCache<RunObject> runs, KubernetesClient client, EntityWriter<StudyObject> writer, StudyMemories memories, IEventRecorder events, TimeProvider time, ILogger<StudyController> log)
    : IEntityController<StudyObject>
{
    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    public async Task<ReconciliationResult<StudyObject>> ReconcileAsync(StudyObject entity, CancellationToken cancellation)
    {
        // Its runs go with it: they are owned.
        if (entity.Metadata.DeletionTimestamp is not null)
        {
            return ReconciliationResult<StudyObject>.Success(entity);
        }

        try
        {
            var observation = Look(entity);
            var plan = StudyPlanner.Decide(observation);
            foreach (var action in plan.Actions)
            {
                await CarryAsync(entity, observation, action, cancellation);
            }

            return ReconciliationResult<StudyObject>.Success(entity);
        }
        catch (KubernetesException conflict) when (conflict.IsConflict)
        {
            // Somebody wrote in between; what they wrote is on its way to the cache and wakes the study again.
            return ReconciliationResult<StudyObject>.Success(entity, s_soon);
        }
    }

    public Task<ReconciliationResult<StudyObject>> DeletedAsync(StudyObject entity, CancellationToken cancellation)
    {
        memories.Forget(entity);
        return Task.FromResult(ReconciliationResult<StudyObject>.Success(entity));
    }

    private StudyObservation Look(StudyObject entity)
    {
        ContinualStudy study;
        IReadOnlyList<StudyRun> wanted = [];
        IReadOnlyList<FieldError> errors;
        try
        {
            study = entity.ToStudy();
            (wanted, errors) = memories.Of(study);
        }
        catch (ManifestException fault)
        {
            // A spec that stands in for the one nobody can read, so that the status says what is wrong.
            study = (entity with { Spec = new(s_unreadable) }).ToStudy();
            errors = fault.Errors;
        }

        var seen = new Dictionary<string, ObservedRun>(StringComparer.Ordinal);
        foreach (var run in runs.OwnedBy(entity.Metadata.Uid!))
        {
            seen[run.Metadata.Name!] = new ObservedRun(Read(run), Owned: true);
        }

        foreach (var name in wanted.Select(run => run.Run.Metadata.Name))
        {
            if (!seen.ContainsKey(name) && runs.Get(entity.Metadata.Namespace, name) is { } other)
            {
                seen[name] = new ObservedRun(Read(other), Owned: false);
            }
        }

        // Whole seconds, as Kubernetes keeps its times.
        var now = time.GetUtcNow();
        return new StudyObservation { Study = study, Wanted = wanted, Errors = errors, Runs = [.. seen.Values], Now = now.AddTicks(-(now.Ticks % TimeSpan.TicksPerSecond)) };

        ContinualRun Read(RunObject run) =>
            // One that cannot be read has a status that says so; of its spec only this much is needed.
            (run.Spec.Value is null ? run with { Spec = new(wanted.FirstOrDefault(known => known.Run.Metadata.Name == run.Metadata.Name)?.Run.Spec ?? s_unreadable.Base) } : run).ToRun();
    }

    private async Task CarryAsync(StudyObject entity, StudyObservation observation, StudyAction action, CancellationToken cancellation)
    {
        switch (action)
        {
            case StudyAction.PersistStatus persist:
                await PersistAsync(entity, observation.Study.Status, persist.Status, cancellation);
                break;
            case StudyAction.CreateRun create:
                await CreateAsync(entity, create.Run, cancellation);
                break;
            case StudyAction.UpdateRun update:
                await UpdateAsync(entity, update, cancellation);
                break;
            case StudyAction.DeleteRun delete when runs.Get(entity.Metadata.Namespace, delete.Name) is { } run:
                await writer.DeleteAsync(entity, run, new DeleteOptions { PropagationPolicy = PropagationPolicy.Background }, cancellation);
                Tell(entity, "RunDeleted", "DeleteRun", $"{delete.Name}: the study does not mean it any more.");
                break;
        }
    }

    private async Task PersistAsync(StudyObject entity, ContinualStudyStatus? before, ContinualStudyStatus after, CancellationToken cancellation)
    {
        if (Patch.Between(entity, entity with { Status = new(after) }, client.JsonTypeOf<StudyObject>(), onlyIfUnchanged: true) is not { } patch)
        {
            return;
        }

        await writer.PatchStatusAsync(entity, patch, cancellation: cancellation);
        if (before?.Reason != after.Reason)
        {
            var type = after.Reason is StudyReasons.InvalidSpec or StudyReasons.NameTaken or StudyReasons.RunsFailed ? EventType.Warning : EventType.Normal;
            events.Publish(entity, type, after.Reason!, "Reconcile", after.Message ?? "");
            Stands(entity.Metadata.Namespace, entity.Metadata.Name!, after.Reason!, after.Message ?? "");
        }
    }

    private async Task CreateAsync(StudyObject entity, ContinualRun run, CancellationToken cancellation)
    {
        var item = RunObject.Of(run);
        item.Metadata.OwnerReferences = [OwnerReference.ControllerOf(entity)];
        try
        {
            await writer.CreateAsync(entity, item, cancellation: cancellation);
        }
        catch (KubernetesException there) when (there.IsAlreadyExists)
        {
            // Ours, from before a crash, or somebody else's: the cache is about to show which.
            return;
        }

        Tell(entity, "RunStarted", "CreateRun", run.Metadata.Name);
    }

    private async Task UpdateAsync(StudyObject entity, StudyAction.UpdateRun update, CancellationToken cancellation)
    {
        if (runs.Get(entity.Metadata.Namespace, update.Run.Metadata.Name) is not { } before)
        {
            return;
        }

        var after = before with { Spec = new(update.Run.Spec), Metadata = before.Metadata with { Annotations = update.Run.Metadata.Annotations?.ToDictionary() } };
        if (Patch.Between(before, after, client.JsonTypeOf<RunObject>(), onlyIfUnchanged: true) is { } patch)
        {
            await writer.PatchAsync(entity, before, patch, cancellation: cancellation);
            Tell(entity, "RunChanged", "UpdateRun", $"{update.Run.Metadata.Name}: {update.Why}");
        }
    }

    private void Tell(StudyObject entity, string reason, string action, string note)
    {
        events.Publish(entity, EventType.Normal, reason, action, note);
        Did(entity.Metadata.Namespace, entity.Metadata.Name!, reason, note);
    }

    private static readonly ContinualStudySpec s_unreadable = new()
    {
        Seeds = [0],
        Variants = [new StudyVariant { Name = "unreadable" }],
        Base = new ContinualRunSpec
        {
            BaseModel = new BaseModelSettings { Uri = "bundled://unreadable" },
            Storage = new StorageSettings { Uri = "azblob://unreadable" },
            Stages = [new RunStage { Name = "unreadable", Method = Method.SFT, Task = new StageTask { Uri = "generated://unreadable" } }],
        },
    };

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "Study {Namespace}/{Study}: {Reason}: {Message}")]
    private partial void Stands(string? @namespace, string study, string reason, string message);

    [LoggerMessage(EventId = 41, Level = LogLevel.Information, Message = "Study {Namespace}/{Study}: {What}: {Note}")]
    private partial void Did(string? @namespace, string study, string what, string note);
}
