using System.Globalization;
using System.Net;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Metrics;
using Cpt.Trainer.Reporting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cpt.Trainer.Serving;

/// <summary>GET /metrics, /progress and /healthz.</summary>
internal sealed class StatusServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private StatusServer(WebApplication application) => _application = application;

    public int Port { get; private init; }

    /// <param name="port">0 takes a free one. When the port is taken, a free one is taken too, with a warning: training must not fail for it.</param>
    /// <param name="anyAddress">Listen on every interface, as a pod must; otherwise on loopback.</param>
    public static async Task<StatusServer> StartAsync(int port, bool anyAddress, StageReporter reporter, PrometheusExposition metrics, TimeSpan stall)
    {
        try
        {
            return await ListenAsync(port, anyAddress, reporter, metrics, stall);
        }
        catch (IOException error) when (port != 0)
        {
            reporter.Warning($"--port: {port} is taken ({error.Message}); a free one is used");
            return await ListenAsync(0, anyAddress, reporter, metrics, stall);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    private static async Task<StatusServer> ListenAsync(int port, bool anyAddress, StageReporter reporter, PrometheusExposition metrics, TimeSpan stall)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.ConfigureKestrel(server =>
        {
            if (anyAddress)
            {
                server.ListenAnyIP(port);
            }
            else
            {
                server.Listen(IPAddress.Loopback, port);
            }
        });
        var application = builder.Build();
        application.MapGet("/metrics", context => WriteAsync(context, 200, PrometheusExposition.ContentType, metrics.Render()));
        application.MapGet("/progress", context => WriteAsync(context, 200, "application/json",
            JsonSerializer.Serialize(reporter.Progress, ContractJson.Default.StageProgress)));
        application.MapGet("/healthz", context => HealthAsync(context, reporter, stall));
        try
        {
            await application.StartAsync();
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        var address = new Uri(application.Urls.First());
        reporter.Listening($"http://{(anyAddress ? "0.0.0.0" : "127.0.0.1")}:{address.Port.ToString(CultureInfo.InvariantCulture)}");
        return new StatusServer(application) { Port = address.Port };
    }

    /// <summary>The heartbeat is the work, not the process: a trainer stuck in a collective answers HTTP for ever.</summary>
    private static Task HealthAsync(HttpContext context, StageReporter reporter, TimeSpan stall)
    {
        var silence = reporter.SinceLastBeat;
        return silence < stall
            ? WriteAsync(context, 200, "text/plain", "ok\n")
            : WriteAsync(context, 503, "text/plain", string.Create(CultureInfo.InvariantCulture,
                $"nothing moved for {silence.TotalSeconds:F0} s (limit {stall.TotalSeconds:F0} s): {reporter.Progress.Phase}, step {reporter.Progress.Step} of {reporter.Progress.Steps}\n"));
    }

    private static Task WriteAsync(HttpContext context, int status, string contentType, string body)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = contentType;
        return context.Response.WriteAsync(body);
    }

    /// <summary>The host's own lifetime would take SIGTERM for itself and close the server while the stage still saves.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
