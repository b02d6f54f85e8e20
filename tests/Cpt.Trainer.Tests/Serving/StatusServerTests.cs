using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Metrics;
using Cpt.Trainer.Measuring;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Serving;

namespace Cpt.Trainer.Tests;

public sealed class StatusServerTests : IDisposable
{
    private readonly ManualTime _time = new();
    private readonly RecordingSink _sink = new();
    private readonly StageReporter _reporter;
    private readonly TrainerMetrics _metrics;
    private readonly PrometheusExposition _exposition;
    private readonly HttpClient _http = new();

    public StatusServerTests()
    {
        _reporter = new StageReporter(_sink, _time, A.Progress());
        _metrics = new TrainerMetrics(_reporter);
        _exposition = new PrometheusExposition(_metrics.Meter);
    }

    public void Dispose()
    {
        _http.Dispose();
        _metrics.Dispose();
        _exposition.Dispose();
    }

    [Fact]
    public async Task AFreePortIsAnnouncedAndServes()
    {
        await using var server = await StartAsync(0);
        Assert.Equal($"http://127.0.0.1:{server.Port}", Assert.Single(_sink.Events, line => line.Event == "listening").Message);
        _reporter.Step(progress => progress with { Step = 12, Steps = 30 }, always: true);
        var progress = JsonSerializer.Deserialize(await GetAsync(server, "/progress"), ContractJson.Default.StageProgress)!;
        Assert.Equal(("first", 12, 30), (progress.Stage, progress.Step, progress.Steps));
        Assert.Contains("cpt_train_step 12\n", await GetAsync(server, "/metrics"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task HealthFailsOnceNothingHasMovedForTooLongAndRecoversWithTheNextStep()
    {
        await using var server = await StartAsync(0);
        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.Equal("ok\n", await GetAsync(server, "/healthz"));
        _time.Advance(TimeSpan.FromSeconds(1));
        using var sick = await _http.GetAsync(new Uri($"http://127.0.0.1:{server.Port}/healthz"));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, sick.StatusCode);
        Assert.Equal("nothing moved for 60 s (limit 60 s): Starting, step 0 of 0\n", await sick.Content.ReadAsStringAsync());
        _reporter.Step(progress => progress with { Step = 1 }, always: false);
        Assert.Equal("ok\n", await GetAsync(server, "/healthz"));
    }

    [Fact]
    public async Task ATakenPortIsReplacedByAFreeOneWithAWarning()
    {
        using var taken = new TcpListener(IPAddress.Any, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        await using var server = await StartAsync(port);
        Assert.NotEqual(port, server.Port);
        Assert.Contains($"--port: {port} is taken", Assert.Single(_sink.Events, line => line.Level == "warning").Message, StringComparison.Ordinal);
        Assert.Equal("ok\n", await GetAsync(server, "/healthz"));
    }

    private Task<StatusServer> StartAsync(int port) => StatusServer.StartAsync(port, anyAddress: port != 0, _reporter, _exposition, TimeSpan.FromSeconds(60));

    private Task<string> GetAsync(StatusServer server, string path) => _http.GetStringAsync(new Uri($"http://127.0.0.1:{server.Port}{path}"));
}
