using System.Net;
using Cpt.Controllers;
using Cpt.Kubernetes;
using Cpt.Operator.Hosting;
using Microsoft.AspNetCore.Builder;

namespace Cpt.Operator.Tests.Faults;

/// <summary>
/// An operator process, or as good as one: its own host, caches and connections, behind its own <see cref="Wire"/>. To kill it, the wire is cut; what is left of it in this process is cleared away later.
/// </summary>
internal sealed class OperatorUnderTest : IAsyncDisposable
{
    private readonly WebApplication _host;
    private readonly CancellationTokenSource _end = new();

    private OperatorUnderTest(WebApplication host, Wire wire)
    {
        (_host, Wire) = (host, wire);
        Running = Task.Run(() => host.RunOperatorAsync(_end.Token));
    }

    public Wire Wire { get; }

    /// <summary>Ends with the process' exit code.</summary>
    public Task<int> Running { get; }

    public static OperatorUnderTest Start(ClusterConfig cluster, string @namespace, string volumes, Wire wire, Action<OperatorSettings>? adjust = null)
    {
        var options = new OperatorOptions
        {
            Namespace = @namespace,
            LeaderElect = false,
            TrainerImage = "example.invalid/cpt-trainer:test",
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
            Volumes = volumes,
            Cache = Path.Combine(volumes, ".cache"),
            Progress = ProgressWay.Off,
        };
        var host = OperatorHost.Build(options, cluster, settings =>
        {
            settings.Client = settings.Client with { WrapHandler = wire.Wrap };
            settings.StopTimeout = TimeSpan.Zero;
            adjust?.Invoke(settings);
        });
        return new(host, wire);
    }

    /// <summary>No goodbye to anybody.</summary>
    public async ValueTask DisposeAsync()
    {
        Wire.Kill();
        await _end.CancelAsync();
        await ((Task)Running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _host.DisposeAsync();
        _end.Dispose();
    }
}
