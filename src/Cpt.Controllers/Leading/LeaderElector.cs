using Cpt.Kubernetes;
using Microsoft.Extensions.Logging;

namespace Cpt.Controllers;

/// <summary>
/// Takes the lease, holds it, gives it back. A standby follows the lease by a watch, so that it takes one that was released at once, and one whose holder vanished as soon as
/// its time is over. All time is measured by this machine's monotonic clock, see <see cref="WriteFence"/>.
/// </summary>
internal sealed class LeaderElector(
    ILeaseStore store, LeaderElectionOptions options, WriteFence fence, OperatorMetrics metrics, TimeProvider time, ILogger<LeaderElector> logger)
{
    private static readonly TimeSpan s_releaseTimeout = TimeSpan.FromSeconds(5);

    private readonly ObservedLease _observed = new(time, options.LeaseDuration);
    private readonly KeyValuePair<string, object?> _name = new("name", options.LeaseName);
    private Lease? _held;

    /// <summary>Who leads, as far as is known here.</summary>
    public string? Leader => _held is not null ? options.Identity : _observed.Holder;

    /// <summary>Returns when this process leads.</summary>
    public async Task AcquireAsync(CancellationToken cancellation)
    {
        metrics.Leads.Record(0, _name);
        while (true)
        {
            try
            {
                var lease = await store.ReadAsync(cancellation);
                if (lease is not null)
                {
                    Observe(lease);
                }

                var remaining = lease?.Spec.HolderIdentity == options.Identity ? TimeSpan.Zero : _observed.Remaining;
                if (remaining <= TimeSpan.Zero && await TryTakeAsync(lease, cancellation))
                {
                    return;
                }

                if (lease is null)
                {
                    // Deleted, not released: who held it may not know yet.
                    await Task.Delay(remaining > TimeSpan.Zero ? remaining : options.RetryPeriod, time, cancellation);
                }
                else if (remaining > TimeSpan.Zero)
                {
                    await FollowAsync(lease, cancellation);
                }
            }
            catch (KubernetesException exception)
            {
                logger.CannotFollow(options.LeaseName!, exception.Message);
                await Task.Delay(options.RetryPeriod, time, cancellation);
            }
        }
    }

    /// <summary>Renews until it is cancelled or the lease is lost. Lost it closes the fence; cancelled it leaves it open: running work may still end.</summary>
    /// <returns>Why it is lost; null when it was cancelled.</returns>
    public async Task<string?> HoldAsync(CancellationToken cancellation)
    {
        while (true)
        {
            try
            {
                // Never past the deadline: at that moment everything stops.
                var left = Left();
                await Task.Delay(left < options.RetryPeriod ? left : options.RetryPeriod, time, cancellation);
                if (await RenewAsync(cancellation) is { } lost)
                {
                    fence.Close();
                    metrics.Leads.Record(0, _name);
                    _held = null;
                    logger.Lost(options.LeaseName!, lost);
                    return lost;
                }
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                return null;
            }
        }
    }

    /// <summary>Closes the fence and gives the lease back, so that a standby need not wait for its end. Call it when nothing is at work any more.</summary>
    public async Task ReleaseAsync()
    {
        fence.Close();
        metrics.Leads.Record(0, _name);
        if (_held is not { } held)
        {
            return;
        }

        _held = null;
        using var timeout = new CancellationTokenSource(s_releaseTimeout, time);
        try
        {
            await store.WriteAsync(held, held.Spec with { HolderIdentity = "", LeaseDurationSeconds = 1, RenewTime = time.GetUtcNow() }, timeout.Token);
            logger.Released(options.LeaseName!);
        }
        catch (Exception exception) when (exception is KubernetesException or OperationCanceledException)
        {
            // It runs out by itself.
            logger.NotReleased(options.LeaseName!, exception.Message);
        }
    }

    private async Task<bool> TryTakeAsync(Lease? lease, CancellationToken cancellation)
    {
        var (started, now) = (time.GetTimestamp(), time.GetUtcNow());
        var spec = new LeaseSpec
        {
            HolderIdentity = options.Identity,
            LeaseDurationSeconds = (int)Math.Ceiling(options.LeaseDuration.TotalSeconds),
            AcquireTime = now,
            RenewTime = now,
            LeaseTransitions = lease is null ? 0 : (lease.Spec.LeaseTransitions ?? 0) + (lease.Spec.HolderIdentity == options.Identity ? 0 : 1),
        };
        try
        {
            _held = lease is null ? await store.CreateAsync(spec, cancellation) : await store.WriteAsync(lease, spec, cancellation);
        }
        catch (KubernetesException exception) when (exception.IsConflict || exception.IsAlreadyExists)
        {
            return false; // another one was quicker
        }

        fence.Open(started, options.RenewDeadline);
        metrics.Leads.Record(1, _name);
        logger.Leads(options.LeaseName!, options.Identity);
        return true;
    }

    /// <summary>Returns when the lease may be free: let go of, run out, or not to be followed any further.</summary>
    private async Task FollowAsync(Lease lease, CancellationToken cancellation)
    {
        var left = _observed.Remaining;
        using var end = new CancellationTokenSource(left > TimeSpan.Zero ? left : TimeSpan.Zero, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, end.Token);
        try
        {
            await foreach (var change in store.WatchAsync(lease, either.Token))
            {
                if (change is null)
                {
                    return;
                }

                Observe(change);
                if (_observed.Remaining is var remaining && remaining <= TimeSpan.Zero)
                {
                    return;
                }

                end.CancelAfter(remaining);
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            // Not renewed in time. Read once more before it is taken: perhaps only the watch was behind.
        }
    }

    private void Observe(Lease lease)
    {
        var before = _observed.Holder;
        _observed.See(lease);
        if (_observed.Holder is { Length: > 0 } holder && holder != before)
        {
            logger.Follows(options.LeaseName!, holder);
        }
    }

    /// <returns>Why the lease is lost; null when it is held.</returns>
    private async Task<string?> RenewAsync(CancellationToken cancellation)
    {
        var left = Left();
        if (left <= TimeSpan.Zero)
        {
            return $"not renewed within {options.RenewDeadline.TotalSeconds:0.#} s";
        }

        using var deadline = new CancellationTokenSource(left, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, deadline.Token);
        while (true)
        {
            var started = time.GetTimestamp();
            try
            {
                _held = await store.WriteAsync(_held!, _held!.Spec with { RenewTime = time.GetUtcNow() }, either.Token);
                fence.Open(started, options.RenewDeadline);
                return null;
            }
            catch (KubernetesException exception) when (exception.IsConflict || exception.IsNotFound)
            {
                // Somebody wrote it: perhaps we ourselves, with an answer that was lost; perhaps an annotation; perhaps a new holder.
                if (await LookAsync(either.Token) is { } lost)
                {
                    return lost;
                }
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return $"not renewed within {options.RenewDeadline.TotalSeconds:0.#} s";
            }
            catch (KubernetesException exception)
            {
                logger.NotRenewed(options.LeaseName!, exception.Message);
                return null; // there is time for another try, or the next one says that there is not
            }
        }
    }

    /// <returns>Why the lease is lost; null when it is still ours or cannot be seen.</returns>
    private async Task<string?> LookAsync(CancellationToken cancellation)
    {
        try
        {
            var lease = await store.ReadAsync(cancellation) ?? await store.CreateAsync(_held!.Spec, cancellation);
            if (lease.Spec.HolderIdentity != options.Identity)
            {
                return string.IsNullOrEmpty(lease.Spec.HolderIdentity) ? "somebody took the holder out of it" : $"{lease.Spec.HolderIdentity} holds it";
            }

            _held = lease;
        }
        catch (KubernetesException exception) when (exception.IsAlreadyExists)
        {
            return await LookAsync(cancellation); // deleted, and another one was quicker
        }
        catch (KubernetesException exception)
        {
            logger.NotRenewed(options.LeaseName!, exception.Message);
            await Task.Delay(options.RetryPeriod, time, cancellation);
        }

        return null;
    }

    private TimeSpan Left()
    {
        var left = time.GetElapsedTime(time.GetTimestamp(), fence.Until);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }
}
