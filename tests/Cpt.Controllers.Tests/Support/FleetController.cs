using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.Controllers.Tests;

// The sample: what a program on this engine looks like. Program.cs would be
//
//     var builder = WebApplication.CreateSlimBuilder(args);
//     builder.Services
//         .AddKubernetesOperator(settings => { settings.Name = "fleet-operator"; settings.Client = new() { Json = [FleetJson.Default] }; settings.LeaderElection = new(); })
//         .AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship"))
//         .AddFinalizer<FleetFinalizer, Fleet>("test.cpt.dev/harbour", needed: fleet => fleet.Spec.Keep != true);
//     var app = builder.Build();
//     app.MapOperator();
//     return await app.RunOperatorAsync();

/// <summary>Keeps as many ships afloat as a fleet asks for.</summary>
internal sealed class FleetController(IInformerCache<ConfigMap> ships, EntityWriter<Fleet> writer, IEventRecorder events) : IEntityController<Fleet>
{
    public async Task<ReconciliationResult<Fleet>> ReconcileAsync(Fleet entity, CancellationToken cancellation)
    {
        var afloat = ships.OwnedBy(entity.Metadata.Uid!);
        var wanted = entity.Spec.Ships ?? 0;
        if (wanted < 0)
        {
            events.Publish(entity, EventType.Warning, "Invalid", "Reconcile", $"spec.ships: {wanted} is negative");
            return ReconciliationResult<Fleet>.Terminal(entity, $"spec.ships: {wanted} is negative; 0 or more are possible");
        }

        for (var missing = wanted - afloat.Count; missing > 0; missing--)
        {
            var ship = await writer.CreateAsync(entity, NewShip(entity), cancellation: cancellation);
            events.Publish(entity, EventType.Normal, "Launched", "Create", $"launched {ship.Metadata.Name}");
        }

        foreach (var ship in afloat.Take(afloat.Count - wanted))
        {
            await writer.DeleteAsync(entity, ship, cancellation: cancellation);
        }

        if (entity.Status?.Afloat != wanted)
        {
            entity = await writer.PatchStatusAsync(entity, Patch.Set("status", new JsonObject { ["afloat"] = wanted }), cancellation: cancellation);
        }

        return ReconciliationResult<Fleet>.Success(entity);
    }

    public Task<ReconciliationResult<Fleet>> DeletedAsync(Fleet entity, CancellationToken cancellation) => Task.FromResult(ReconciliationResult<Fleet>.Success(entity));

    /// <summary>A name that nobody has: only the cache tells how many there are, so a stale one would make too many.</summary>
    private static ConfigMap NewShip(Fleet fleet) => new()
    {
        Metadata = new()
        {
            Name = fleet.Metadata.Name + "-" + Random.Shared.NextInt64().ToString("x", CultureInfo.InvariantCulture),
            Namespace = fleet.Metadata.Namespace,
            Labels = new() { ["ship"] = "yes" },
            OwnerReferences = [OwnerReference.ControllerOf(fleet)],
        },
    };
}

/// <summary>Brings the ships home before the fleet may go: nobody collects garbage in these tests.</summary>
internal sealed class FleetFinalizer(IInformerCache<ConfigMap> ships, EntityWriter<Fleet> writer) : IEntityFinalizer<Fleet>
{
    public async Task<ReconciliationResult<Fleet>> FinalizeAsync(Fleet entity, CancellationToken cancellation)
    {
        foreach (var ship in ships.OwnedBy(entity.Metadata.Uid!))
        {
            await writer.DeleteAsync(entity, ship, cancellation: cancellation);
        }

        return ReconciliationResult<Fleet>.Success(entity);
    }
}
