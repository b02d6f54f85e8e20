using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>Caches that are behind what was written.</summary>
[Trait("Category", "Cluster")]
public sealed class StalenessTests(ApiServer server) : IAsyncLifetime
{
    private readonly Scripted _controller = new();
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AStaleCacheNeverMakesASecondShip()
    {
        await using var host = await TestOperator.StartAsync(server, _namespace, builder => builder
            .AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship")));

        // Names are random, so only the cache could tell what is there; and nothing of what is made comes back.
        host.Wire.HoldWatches("configmaps");
        var fleet = await server.CreateAsync(Fleet.Of(2, "north", _namespace));
        await Eventually.ThatAsync(() => host.Cache<Fleet>().Get(_namespace, "north") is { Status.Afloat: 2 });
        Assert.Empty(host.Cache<ConfigMap>().List());
        for (var i = 0; i < 20; i++)
        {
            var putOff = await PutOffAsync(host);
            await server.SetAsync(fleet, new() { ["note"] = i.ToString(CultureInfo.InvariantCulture) });
            await Eventually.ThatAsync(async () => await PutOffAsync(host) > putOff);
        }

        host.Wire.Resume();
        await Eventually.ThatAsync(() => host.Cache<ConfigMap>().List().Count >= 2 && host.Services.GetRequiredService<IExpectations<Fleet>>().Satisfied(ObjectKey.Of(fleet)));
        Assert.Equal(2, await server.AfloatAsync(_namespace));
    }

    [Fact]
    public async Task WithoutExpectationsTheSameCacheMakesOneAfterAnother()
    {
        // The danger is real: this controller creates past the engine.
        await using var host = await StartAsync(controller => controller.Owns<ConfigMap>(labelSelector: "ship"));
        var made = 0;
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            if (host.Cache<ConfigMap>().OwnedBy(fleet.Metadata.Uid!).Count == 0)
            {
                await host.Client.CreateAsync(Ship(fleet, "s" + Interlocked.Increment(ref made).ToString(CultureInfo.InvariantCulture)), cancellation: cancellation);
            }

            return ReconciliationResult<Fleet>.Success(fleet);
        };
        host.Wire.HoldWatches("configmaps");
        var fleet = await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => Volatile.Read(ref made) == 1);
        host.Services.GetRequiredService<IRequeue<Fleet>>().Enqueue(ObjectKey.Of(fleet));
        await Eventually.ThatAsync(async () => await server.AfloatAsync(_namespace) == 2);
        host.Wire.Resume();
    }

    [Fact]
    public async Task AReconcileNeverSeesTheObjectOlderThanItsOwnLastWrite()
    {
        const int Looks = 40;
        await using var host = await StartAsync();
        var writer = host.Services.GetRequiredService<EntityWriter<Fleet>>();
        var requeue = host.Services.GetRequiredService<IRequeue<Fleet>>();
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            var looks = (fleet.Status?.Looks ?? 0) + 1;
            if (looks <= Looks)
            {
                await writer.PatchStatusAsync(fleet, Patch.Set("status", new JsonObject { ["looks"] = looks }), cancellation: cancellation);
                requeue.Enqueue(ObjectKey.Of(fleet)); // at once, long before the watch brings the write
            }

            // The old state is returned: it is the writer who remembers.
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => host.Cache<Fleet>().Get(_namespace, "north")?.Status?.Looks == Looks);
        Assert.Equal(Looks, host.Wire.Writes.Count(call => call.Contains("/status", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task TheEntityThatAReconcileReturnsIsWaitedFor()
    {
        await using var host = await StartAsync();
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            var looks = (fleet.Status?.Looks ?? 0) + 1;
            var written = looks > 20
                ? fleet
                : await host.Client.PatchStatusAsync<Fleet>("north", _namespace, Patch.Set("status", new JsonObject { ["looks"] = looks }), cancellation: cancellation);
            return ReconciliationResult<Fleet>.Success(written, looks > 20 ? null : TimeSpan.Zero);
        };
        await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => host.Cache<Fleet>().Get(_namespace, "north")?.Status?.Looks == 20);
        Assert.Equal(20, host.Wire.Writes.Count());
    }

    [Fact]
    public async Task AnExpectationThatIsNeverMetHoldsTheObjectUpForItsTimeOnly()
    {
        await using var host = await StartAsync(controller => controller.Owns<ConfigMap>(labelSelector: "ship"), settings => settings.ExpectationTimeout = TimeSpan.FromSeconds(1));
        var writer = host.Services.GetRequiredService<EntityWriter<Fleet>>();
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            if (_controller.Seen.Count == 1)
            {
                var unseen = Ship(fleet, "unseen");
                unseen.Metadata.Labels = null; // outside the selector: no event will ever come
                await writer.CreateAsync(fleet, unseen, cancellation: cancellation);
            }

            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        host.Services.GetRequiredService<IRequeue<Fleet>>().Enqueue(new(_namespace, "north"));
        await Eventually.ThatAsync(() => _controller.Seen.Count > 1);
    }

    [Fact]
    public async Task ACreateThatWasRefusedIsNotWaitedFor()
    {
        await using var host = await StartAsync(controller => controller.Owns<ConfigMap>(labelSelector: "ship"), settings => settings.ExpectationTimeout = TimeSpan.FromDays(1));
        var writer = host.Services.GetRequiredService<EntityWriter<Fleet>>();
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            if (_controller.Seen.Count < 4)
            {
                await writer.CreateAsync(fleet, Ship(fleet, "Not_A_Name"), cancellation: cancellation);
            }

            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 4);
    }

    [Fact]
    public async Task AnObjectOfTheNameThatTheCacheDoesNotKnowYetIsWaitedFor()
    {
        await using var host = await StartAsync(controller => controller.Owns<ConfigMap>(labelSelector: "ship"));
        var writer = host.Services.GetRequiredService<EntityWriter<Fleet>>();
        var (known, refused) = (new List<int>(), 0);
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            var afloat = host.Cache<ConfigMap>().OwnedBy(fleet.Metadata.Uid!).Count;
            lock (known)
            {
                known.Add(afloat);
            }

            if (afloat == 0)
            {
                // Somebody is quicker: this process' earlier life, whose create was answered to nobody.
                host.Wire.HoldWatches("configmaps");
                await server.Client.CreateAsync(Ship(fleet, "only"), cancellation: cancellation);
                try
                {
                    await writer.CreateAsync(fleet, Ship(fleet, "only"), cancellation: cancellation);
                }
                catch (KubernetesException exception) when (exception.IsAlreadyExists)
                {
                    Interlocked.Increment(ref refused);
                }
            }

            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "north", _namespace));
        await Eventually.ThatAsync(() => Volatile.Read(ref refused) == 1);
        host.Services.GetRequiredService<IRequeue<Fleet>>().Enqueue(new(_namespace, "north"));
        host.Wire.Resume();
        await Eventually.ThatAsync(() => _controller.Seen.Count > 1);
        Assert.Equal([0, 1], known.Take(2));
        Assert.Equal(1, refused);
    }

    /// <summary>How often something was put off until later.</summary>
    private static async Task<long> PutOffAsync(TestOperator host)
    {
        const string Start = "workqueue_retries_total{name=\"fleet\",controller=\"fleet\"} ";
        var line = (await host.GetAsync("/metrics")).Body.Split('\n').FirstOrDefault(line => line.StartsWith(Start, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[Start.Length..], CultureInfo.InvariantCulture);
    }

    private static ConfigMap Ship(Fleet fleet, string name) => new()
    {
        Metadata = new() { Name = name, Namespace = fleet.Metadata.Namespace, Labels = new() { ["ship"] = "yes" }, OwnerReferences = [OwnerReference.ControllerOf(fleet)] },
    };

    private Task<TestOperator> StartAsync(Action<ControllerBuilder<Fleet>>? controller = null, Action<OperatorSettings>? settings = null) => TestOperator.StartAsync(
        server,
        _namespace,
        builder =>
        {
            builder.Services.AddSingleton(_controller);
            builder.AddController<Scripted, Fleet>(controller);
        },
        settings);
}
