using Cpt.Kubernetes;
using Microsoft.Extensions.DependencyInjection;

namespace Cpt.Controllers.Tests;

/// <summary>Health, readiness, metrics, and the ways a process ends.</summary>
[Trait("Category", "Cluster")]
public sealed class PageTests(ApiServer server) : IAsyncLifetime
{
    private string _namespace = "";

    public async ValueTask InitializeAsync() => _namespace = await server.StartAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task TheMetricsPagePassesPromtoolAndHasTheNamesThatDashboardsUse()
    {
        await using var host = await TestOperator.StartAsync(server, _namespace, builder => builder
            .AddController<FleetController, Fleet>(controller => controller.Owns<ConfigMap>(labelSelector: "ship").WithConcurrency(3)));
        await server.CreateAsync(Fleet.Of(2, "a", _namespace));
        await server.CreateAsync(Fleet.Of(-2, "bad", _namespace));
        await Eventually.ThatAsync(async () => await server.AfloatAsync(_namespace) == 2);
        await Eventually.ThatAsync(async () => (await host.GetAsync("/metrics")).Body.Contains("terminal_reconcile_errors_total{controller=\"fleet\"} 1\n", StringComparison.Ordinal));
        var page = (await host.GetAsync("/metrics")).Body;
        string[] names =
        [
            "controller_runtime_reconcile_total counter", "controller_runtime_reconcile_errors_total counter", "controller_runtime_terminal_reconcile_errors_total counter",
            "controller_runtime_reconcile_time_seconds histogram", "controller_runtime_active_workers gauge", "controller_runtime_max_concurrent_reconciles gauge",
            "workqueue_depth gauge", "workqueue_adds_total counter", "workqueue_queue_duration_seconds histogram", "workqueue_work_duration_seconds histogram",
            "workqueue_unfinished_work_seconds gauge", "workqueue_longest_running_processor_seconds gauge", "workqueue_retries_total counter",
            "rest_client_requests_total counter", "rest_client_request_duration_seconds histogram", "process_resident_memory_bytes gauge",
        ];
        Assert.All(names, name => Assert.Contains("# TYPE " + name + "\n", page, StringComparison.Ordinal));
        Assert.Contains("controller_runtime_max_concurrent_reconciles{controller=\"fleet\"} 3\n", page, StringComparison.Ordinal);
        Assert.All(["success", "error", "requeue", "requeue_after"], result => Assert.Contains($"reconcile_total{{controller=\"fleet\",result=\"{result}\"}}", page, StringComparison.Ordinal));
        Assert.Equal("", await Promtool.CheckAsync(page));
    }

    [Fact]
    public async Task AKindThatIsNotInstalledIsWaitedForAndNamed()
    {
        await using var host = await TestOperator.StartAsync(server, _namespace, builder => builder.AddCache<Latecomer>(), waitUntilReady: false);
        await Eventually.ThatAsync(async () =>
            await TryAsync(host, "/readyz") is { Code: 503 } page && page.Body.Contains("[-]cache latecomers.test.cpt.dev", StringComparison.Ordinal) && page.Body.Contains("404", StringComparison.Ordinal));
        Assert.Equal(200, (await host.GetAsync("/healthz")).Code);
        await Fleet.InstallAsync(server.Client, "Latecomer");
        await host.ReadyAsync();
        Assert.Contains("[+]cache latecomers.test.cpt.dev ok\n", (await host.GetAsync("/readyz")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task APartOfTheEngineThatDiesStopsTheProcess()
    {
        // A controller's constructor runs before; this breaks inside.
        await using var host = await TestOperator.StartAsync(server, _namespace, builder =>
        {
            builder.Services.AddSingleton<IControllerHost, Doomed>();
            builder.AddCache<Fleet>();
        }, waitUntilReady: false);
        Assert.Equal(OperatorOutcome.EngineDied, await host.Ended);
        Assert.Equal("doomed", host.Services.GetRequiredService<OperatorOutcome>().Reason);
    }

    [Fact]
    public async Task AStopEndsWithNoughtAlsoWhileTheCachesAreStillEmpty()
    {
        await using var host = await TestOperator.StartAsync(
            server, _namespace, builder => builder.AddCache<NotThere>(), waitUntilReady: false, settings: settings => settings.LeaderElection = TestOperator.QuickElection("a"));
        Assert.Equal(0, await host.StopAsync());
    }

    private static async Task<(int Code, string Body)> TryAsync(TestOperator host, string path)
    {
        try
        {
            return await host.GetAsync(path);
        }
        catch (Exception exception) when (exception is InvalidOperationException or HttpRequestException)
        {
            return default; // not listening yet
        }
    }

    private sealed class Doomed : IControllerHost
    {
        public string Name => "doomed";

        public string? Problem => null;

        public Task RunAsync(CancellationToken cancellation) => Task.FromException(new InvalidOperationException("doomed"));

        public Task StopAsync() => Task.CompletedTask;
    }
}
