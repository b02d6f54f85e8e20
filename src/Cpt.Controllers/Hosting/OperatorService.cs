using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// The life of the engine: caches, then the lease, then work; and backwards at the end: no new work, running work ends, caches, events, the lease is given back. A part that
/// dies, and a lease that is lost, stop the process: started anew it knows nothing wrong, and stands by.
/// </summary>
internal sealed class OperatorService(
    IEnumerable<IInformer> informers,
    IEnumerable<IControllerHost> controllers,
    EventRecorder events,
    WriteFence fence,
    OperatorHealth health,
    OperatorOutcome outcome,
    OperatorSettings settings,
    IHostApplicationLifetime lifetime,
    ILogger<OperatorService> logger,
    LeaderElector? elector = null) : BackgroundService
{
    private readonly IInformer[] _informers = [.. informers];
    private readonly IControllerHost[] _controllers = [.. controllers];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var parts = new EngineParts();
        // From the first word of a stop: the host asks its services one after another, and the web server before this one may wait for somebody's page.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken, lifetime.ApplicationStopping);
        try
        {
            await RunAsync(parts, stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // Stopped while it waited for caches or the lease.
        }
        catch (LeaseLostException exception)
        {
            outcome.End(OperatorOutcome.LeaseLost, exception.Message);
        }
        catch (Exception exception)
        {
            logger.Died(exception);
            health.Died(exception.Message);
            outcome.End(OperatorOutcome.EngineDied, exception.Message);
        }

        health.Stops();
        await EndAsync(parts);
        lifetime.StopApplication();
    }

    /// <summary>Returns when the process is asked to stop, and throws when it has to.</summary>
    private async Task RunAsync(EngineParts parts, CancellationToken stopping)
    {
        parts.Events = events.RunAsync(parts.Telling.Token);
        parts.Watches = [.. _informers.Select(informer => Task.Run(() => informer.RunAsync(parts.Watching.Token), CancellationToken.None))];
        await parts.OrDeath(Task.WhenAll(_informers.Select(informer => informer.WaitForSyncAsync(stopping))));
        logger.Synced(_informers.Length);

        if (elector is not null)
        {
            // The caches are warm: whoever takes over works at once.
            await parts.OrDeath(elector.AcquireAsync(stopping));
            parts.Holding = elector.HoldAsync(parts.Leading.Token);
        }

        // In the same breath as the lease is lost, not some awaits later.
        parts.BreakOff = fence.Term.Register(parts.Working.Cancel);
        parts.Workers = [.. _controllers.Select(controller => Task.Run(() => controller.RunAsync(parts.Working.Token), CancellationToken.None))];
        await parts.OrDeath(Task.Delay(Timeout.Infinite, stopping));
    }

    private async Task EndAsync(EngineParts parts)
    {
        var ended = Task.WhenAll(_controllers.Select(controller => controller.StopAsync()));
        // Who has lost the lease has nothing more to write.
        if (outcome.ExitCode == 0 && await Task.WhenAny(ended, Task.Delay(settings.StopTimeout, settings.Time)) != ended)
        {
            logger.BrokenOff(settings.StopTimeout.TotalSeconds);
        }

        await parts.Working.CancelAsync();
        await EngineParts.Ended(parts.Workers);
        await parts.Watching.CancelAsync();
        await EngineParts.Ended(parts.Watches);
        await parts.Telling.CancelAsync();
        await EngineParts.Ended([parts.Events]);
        await parts.Leading.CancelAsync();
        await EngineParts.Ended([parts.Holding]);
        if (elector is not null)
        {
            await elector.ReleaseAsync();
        }

        parts.Dispose();
        logger.Stopped();
    }
}
