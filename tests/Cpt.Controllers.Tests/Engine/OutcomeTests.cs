using System.Text.Json.Nodes;
using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>What follows from how a reconcile ended.</summary>
[Trait("Category", "Cluster")]
public sealed class OutcomeTests(ApiServer server) : IAsyncLifetime
{
    private readonly Scripted _controller = new();
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task AnExceptionIsTriedAgainWithBackoffUntilItGoesWell()
    {
        await using var host = await StartAsync();
        _controller.Reconcile = (fleet, _) => _controller.Seen.Count < 5
            ? throw new InvalidOperationException("not yet")
            : Task.FromResult(ReconciliationResult<Fleet>.Success(fleet));
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(async () => (await PageAsync(host)).Contains("""reconcile_total{controller="fleet",result="success"} 1""", StringComparison.Ordinal));
        var page = await PageAsync(host);
        Assert.Contains("controller_runtime_reconcile_errors_total{controller=\"fleet\"} 4\n", page, StringComparison.Ordinal);
        Assert.Contains("controller_runtime_reconcile_panics_total{controller=\"fleet\"} 4\n", page, StringComparison.Ordinal);
        Assert.Contains("controller_runtime_reconcile_total{controller=\"fleet\",result=\"error\"} 4\n", page, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailureWithATimeIsTriedAgainThen()
    {
        var time = new ManualTime();
        await using var host = await StartAsync(settings => settings.Time = time);
        _controller.Reconcile = (fleet, _) => Task.FromResult(ReconciliationResult<Fleet>.Failure(fleet, "later", requeueAfter: TimeSpan.FromHours(1)));
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(() => time.NextTimer == TimeSpan.FromHours(1));
        time.Advance(TimeSpan.FromHours(1));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 2);
    }

    [Fact]
    public async Task ATerminalErrorIsNotTriedAgainUntilTheObjectChanges()
    {
        await using var host = await StartAsync();
        _controller.Reconcile = (fleet, _) => Task.FromResult(fleet.Spec.Ships < 0
            ? ReconciliationResult<Fleet>.Terminal(fleet, "spec.ships: -1 is negative")
            : ReconciliationResult<Fleet>.Success(fleet));
        var fleet = await server.CreateAsync(Fleet.Of(-1, "a", _namespace));
        await Eventually.ThatAsync(async () => (await PageAsync(host)).Contains("controller_runtime_terminal_reconcile_errors_total{controller=\"fleet\"} 1\n", StringComparison.Ordinal));
        Assert.Contains("workqueue_depth{name=\"fleet\",controller=\"fleet\"} 0\n", await PageAsync(host), StringComparison.Ordinal);
        await server.SetAsync(fleet, new() { ["ships"] = 1 });
        await Eventually.ThatAsync(async () => (await PageAsync(host)).Contains("""reconcile_total{controller="fleet",result="success"} 1""", StringComparison.Ordinal));
        Assert.Equal(2, _controller.Seen.Count);
    }

    [Fact]
    public async Task ASuccessWithATimeComesBackAtThatTimeAndNotBefore()
    {
        var time = new ManualTime();
        await using var host = await StartAsync(settings => settings.Time = time);
        _controller.Reconcile = (fleet, _) => Task.FromResult(ReconciliationResult<Fleet>.Success(fleet, TimeSpan.FromDays(7)));
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(() => time.NextTimer == TimeSpan.FromDays(1)); // longer delays are set in pieces
        time.Advance(TimeSpan.FromDays(7) - TimeSpan.FromMilliseconds(1));
        Assert.Single(_controller.Seen);
        time.Advance(TimeSpan.FromMilliseconds(1));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 2);
        Assert.Contains("""controller_runtime_reconcile_total{controller="fleet",result="requeue_after"} """, await PageAsync(host), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AReconcileThatTakesTooLongIsCancelledAndCountsAsFailed()
    {
        var time = new ManualTime();
        await using var host = await StartAsync(settings => (settings.Time, settings.ReconcileTimeout) = (time, TimeSpan.FromMinutes(5)));
        _controller.Reconcile = async (fleet, cancellation) =>
        {
            if (_controller.Seen.Count == 1)
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        time.Advance(TimeSpan.FromMinutes(5));
        await Eventually.ThatAsync(() => time.NextTimer == TimeSpan.FromMilliseconds(5)); // the first backoff
        time.Advance(TimeSpan.FromMilliseconds(5));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 2);
    }

    [Fact]
    public async Task AReconcileThatHeedsNoCancellationMakesTheProcessUnhealthy()
    {
        var (time, end) = (new ManualTime(), new TaskCompletionSource());
        await using var host = await StartAsync(settings => (settings.Time, settings.ReconcileTimeout) = (time, TimeSpan.FromMinutes(5)));
        _controller.Reconcile = async (fleet, _) =>
        {
            await end.Task;
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        Assert.Equal(200, (await host.GetAsync("/healthz")).Code);
        time.Advance(TimeSpan.FromMinutes(11));
        var (code, body) = await host.GetAsync("/healthz");
        Assert.Equal(503, code);
        Assert.Contains("[-]controller fleet a reconcile has been running for 660 s", body, StringComparison.Ordinal);
        end.SetResult();
    }

    [Fact]
    public async Task ADeletedObjectIsTakenLeaveOfWithItsLastState()
    {
        await using var host = await StartAsync();
        await server.CreateAsync(Fleet.Of(7, "a", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        await server.Client.DeleteAsync<Fleet>("a", _namespace);
        await Eventually.ThatAsync(() => _controller.Gone.Count == 1);
        Assert.Equal(7, Assert.Single(_controller.Gone).Spec.Ships);
    }

    [Fact]
    public async Task ALeaveTakingThatFailsIsTriedAgain()
    {
        await using var host = await StartAsync();
        _controller.Deleted = (fleet, _) => _controller.Gone.Count < 3 ? throw new InvalidOperationException("not yet") : Task.FromResult(ReconciliationResult<Fleet>.Success(fleet));
        await server.CreateAsync(Fleet.Of(7, "a", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        await server.Client.DeleteAsync<Fleet>("a", _namespace);
        await Eventually.ThatAsync(() => _controller.Gone.Count == 3);
        Assert.Single(_controller.Gone.Select(fleet => fleet.Metadata.Uid).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task OneThatIsMadeAnewUnderTheSameNameIsAnotherOne()
    {
        await using var host = await StartAsync();
        var working = new TaskCompletionSource();
        _controller.Reconcile = async (fleet, _) =>
        {
            await (_controller.Seen.Count == 1 ? working.Task : Task.CompletedTask);
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        var first = await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        await server.Client.DeleteAsync<Fleet>("a", _namespace);
        var second = await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await Eventually.ThatAsync(() => host.Cache<Fleet>().Get(_namespace, "a")?.Metadata.Uid == second.Metadata.Uid);
        working.SetResult();
        await Eventually.ThatAsync(() => _controller.Seen.Any(fleet => fleet.Metadata.Uid == second.Metadata.Uid));
        Assert.Equal(first.Metadata.Uid, Assert.Single(_controller.Gone).Metadata.Uid);
    }

    [Fact]
    public async Task OneObjectIsNeverReconciledTwiceAtATime()
    {
        await using var host = await StartAsync(settings => settings.Concurrency = 16);
        var inside = 0;
        var most = 0;
        _controller.Reconcile = async (fleet, _) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref inside));
            await Task.Yield();
            Interlocked.Decrement(ref inside);
            return ReconciliationResult<Fleet>.Success(fleet);
        };
        var fleet = await server.CreateAsync(Fleet.Of(0, "a", _namespace));
        for (var i = 1; i <= 50; i++)
        {
            await server.SetAsync(fleet, new() { ["ships"] = i });
        }

        await Eventually.ThatAsync(() => _controller.Seen.Last().Spec.Ships == 50);
        Assert.Equal(1, most);
    }

    [Fact]
    public async Task AMappedWatchWakesThoseItNamesBeforeAndAfter()
    {
        await using var host = await StartAsync(controller: controller => controller.Watches<ConfigMap>(
            map => map.Data?.GetValueOrDefault("fleet") is { } name ? [new ObjectKey(map.Metadata.Namespace, name)] : [], labelSelector: "harbour"));
        await server.CreateAsync(Fleet.Of(1, "a", _namespace));
        await server.CreateAsync(Fleet.Of(1, "b", _namespace));
        await Eventually.ThatAsync(() => _controller.CountOf("a") == 1 && _controller.CountOf("b") == 1);
        await server.Client.CreateAsync(new ConfigMap { Metadata = new() { Name = "h", Namespace = _namespace, Labels = new() { ["harbour"] = "yes" } }, Data = new() { ["fleet"] = "a" } });
        await Eventually.ThatAsync(() => _controller.CountOf("a") == 2);
        Assert.Equal(1, _controller.CountOf("b"));
        await server.Client.PatchAsync<ConfigMap>("h", _namespace, Patch.Set("data", new JsonObject { ["fleet"] = "b" }));
        await Eventually.ThatAsync(() => _controller.CountOf("a") == 3 && _controller.CountOf("b") == 2);
    }

    [Fact]
    public async Task ATransformIsWhatTheCacheKeeps()
    {
        await using var host = await StartAsync(controller: controller => controller.WithTransform<Fleet>(fleet =>
        {
            fleet.Spec.Note = null;
            return fleet;
        }).WithIndex<Fleet>("ships", fleet => [fleet.Spec.Ships.ToString()!]));
        var fleet = Fleet.Of(3, "a", _namespace);
        fleet.Spec.Note = new('x', 10_000);
        await server.CreateAsync(fleet);
        await Eventually.ThatAsync(() => _controller.Seen.Count == 1);
        Assert.Null(Assert.Single(_controller.Seen).Spec.Note);
        Assert.Equal("a", Assert.Single(host.Cache<Fleet>().ByIndex("ships", "3")).Metadata.Name);
        Assert.NotNull((await server.Client.GetAsync<Fleet>("a", _namespace)).Spec.Note);
    }

    private static async Task<string> PageAsync(TestOperator host) => (await host.GetAsync("/metrics")).Body;

    private Task<TestOperator> StartAsync(Action<OperatorSettings>? settings = null, Action<ControllerBuilder<Fleet>>? controller = null) => TestOperator.StartAsync(
        server,
        _namespace,
        builder =>
        {
            builder.Services.AddSingleton(_controller);
            builder.AddController<Scripted, Fleet>(controller);
        },
        settings);
}
