using System.Net;
using System.Text.Json;
using Cpt.Contract;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cpt.StandIn;

/// <summary>GET /progress and /healthz of every trainer, on one port; which one is meant, the called address says.</summary>
internal sealed class ProgressServer : IAsyncDisposable
{
    private readonly WebApplication _application;

    private ProgressServer(WebApplication application) => _application = application;

    public int Port { get; private init; }

    /// <exception cref="IOException">The port is taken.</exception>
    public static async Task<ProgressServer> StartAsync(int port, PodAddresses pods, CancellationToken cancellation)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<IHostLifetime, NoSignals>();
        builder.WebHost.ConfigureKestrel(server => server.Listen(IPAddress.Any, port));
        var application = builder.Build();
        application.MapGet("/progress", context => AnswerAsync(context, pods));
        application.MapGet("/healthz", context => AnswerAsync(context, pods));
        try
        {
            await application.StartAsync(cancellation);
        }
        catch
        {
            await application.DisposeAsync();
            throw;
        }

        return new(application) { Port = new Uri(application.Urls.First()).Port };
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _application.StopAsync(limit.Token);
        await _application.DisposeAsync();
    }

    private static Task AnswerAsync(HttpContext context, PodAddresses pods)
    {
        if (pods.At(context.Connection.LocalIpAddress)?.Progress is not { } progress)
        {
            // A node would refuse the connection: there is no such pod.
            context.Abort();
            return Task.CompletedTask;
        }

        if (context.Request.Path == "/healthz")
        {
            return context.Response.WriteAsync("ok\n");
        }

        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(JsonSerializer.Serialize(progress, ContractJson.Default.StageProgress));
    }

    /// <summary>Signals are for the process this is a guest in.</summary>
    private sealed class NoSignals : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
