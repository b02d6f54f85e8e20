using System.Runtime.ExceptionServices;
using System.Threading.Channels;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Planning;

namespace Cpt.Cli.Running;

/// <summary>
/// Gather, decide, act, wait: what the operator does with Jobs, done with child processes. It holds no state that is not on disk, so that
/// a SIGKILL at any moment costs only the steps since the last checkpoint.
/// </summary>
/// <param name="local">What is run.</param>
/// <param name="lookups">What is in storage.</param>
/// <param name="jobs">Its attempts.</param>
/// <param name="narrator">Told what happens.</param>
/// <param name="time">Of decisions and waits.</param>
/// <param name="neighbours">Other runs of this process that may want the same stage; null: there are none.</param>
internal sealed class LocalRunner(LocalRun local, LocalLookups lookups, LocalJobs jobs, RunNarrator narrator, TimeProvider time, INeighbours? neighbours = null)
{
    /// <summary>How often step counts go into status.json while a stage trains.</summary>
    private static readonly TimeSpan s_heartbeat = TimeSpan.FromSeconds(2);

    /// <summary>After a stop was asked for, how long storage may take to say how far the run is.</summary>
    private static readonly TimeSpan s_lastLook = TimeSpan.FromSeconds(5);

    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private bool _changed = true;

    /// <param name="stop">Asked to stop: trainers save and end.</param>
    /// <param name="kill">Asked again: trainers are ended at once.</param>
    /// <returns>How it ended, as an exit code.</returns>
    public async Task<int> RunAsync(CancellationToken stop, CancellationToken kill)
    {
        jobs.Changed += () =>
        {
            Volatile.Write(ref _changed, true);
            _wake.Writer.TryWrite(true);
        };
        jobs.Recover();
        try
        {
            while (true)
            {
                stop.ThrowIfCancellationRequested();
                if (jobs.Fault is { } fault)
                {
                    if (fault is not (IOException or UnauthorizedAccessException))
                    {
                        ExceptionDispatchInfo.Throw(fault);
                    }

                    throw new CliException(ExitCodes.StorageUnavailable, $"The run stands still, because its work directory cannot be written: {fault.Message} What was committed is intact; the same command goes on.");
                }

                if (jobs.Live.Count == 0)
                {
                    neighbours?.Leave();
                }

                var plan = await DecideAsync(local.Run, stop);
                if (neighbours is not null && plan.Actions.OfType<PlanAction.CreateJob>().FirstOrDefault() is { } wanted && await neighbours.WaitForAsync(wanted, narrator, stop))
                {
                    // Somebody has trained just this meanwhile, most likely: nothing of the plan is carried out, and storage is asked again.
                    Volatile.Write(ref _changed, true);
                    continue;
                }

                Carry(plan);

                var resting = jobs.Live.Count == 0;
                if (resting && Ended(plan) is { } exitCode)
                {
                    return exitCode;
                }

                await WaitAsync(plan, resting, stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await StopAsync(kill);
            return ExitCodes.Stopped;
        }
    }

    private async Task<Plan> DecideAsync(ContinualRun run, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _changed, false))
        {
            lookups.Refresh();
        }

        var observation = new Observation
        {
            Run = run with { Status = local.Status },
            Jobs = jobs.Observe(),
            Now = time.GetUtcNow(),
        };
        var plan = Planner.Decide(await lookups.CompleteAsync(observation, cancellationToken));
        return plan;
    }

    /// <summary>First on record, then told, then done: nothing is told twice after a SIGKILL, and no attempt's number is given out twice.</summary>
    private void Carry(Plan plan)
    {
        foreach (var persist in plan.Actions.OfType<PlanAction.PersistStatus>())
        {
            try
            {
                StatusFile.Write(local.Work, persist.Status);
            }
            catch (IOException) when (persist.ProgressOnly)
            {
                // A step count is not worth a stage: storage may still have the room that this disk has not.
            }
            catch (IOException)
            {
                // The run ends here; what became of its stages is worth knowing all the same.
                narrator.Tell(local.Status, plan);
                throw;
            }
        }

        narrator.Tell(local.Status, plan);
        local.Status = plan.Status;
        foreach (var action in plan.Actions)
        {
            switch (action)
            {
                case PlanAction.CreateJob create:
                    narrator.Starting(create);
                    jobs.Create(create);
                    break;
                case PlanAction.DeleteJob delete:
                    narrator.Stopping(delete);
                    jobs.Stop(delete.JobName);
                    break;
                default:
                    // Finalizers and deletion belong to a cluster's API server; here a run is deleted with its directory.
                    break;
            }
        }
    }

    /// <summary>Null while there is something to wait for.</summary>
    private static int? Ended(Plan plan) => plan.Outcome switch
    {
        RunOutcome.Succeeded => ExitCodes.Done,
        RunOutcome.Failed => RunExit.Of(plan.Status),
        RunOutcome.Suspended => ExitCodes.Stopped,
        // A cluster waits for its storage; somebody at a keyboard wants to know. Each look-up has waited and tried again already.
        _ when plan.Status.Reason == Reasons.WaitingForStorage => ExitCodes.StorageUnavailable,
        _ => null,
    };

    private async Task WaitAsync(Plan plan, bool resting, CancellationToken stop)
    {
        var wait = resting ? Timeout.InfiniteTimeSpan : s_heartbeat;
        if (plan.RequeueAt is { } due)
        {
            var left = due - time.GetUtcNow();
            left = left < TimeSpan.Zero ? TimeSpan.Zero : left;
            wait = wait == Timeout.InfiniteTimeSpan || left < wait ? left : wait;
        }
        else if (resting && !Volatile.Read(ref _changed))
        {
            throw new InvalidOperationException($"The planner waits for something that cannot happen here: {plan.Status.Reason}: {plan.Status.Message}");
        }

        using var woken = CancellationTokenSource.CreateLinkedTokenSource(stop);
        try
        {
            var wake = _wake.Reader.ReadAsync(woken.Token).AsTask();
            await Task.WhenAny(wake, Task.Delay(wait, time, woken.Token));
        }
        finally
        {
            await woken.CancelAsync();
        }

        stop.ThrowIfCancellationRequested();
    }

    /// <summary>The same as a suspension on a cluster: SIGTERM, wait for the commit, write down how far it is.</summary>
    private async Task StopAsync(CancellationToken kill)
    {
        foreach (var job in jobs.Live)
        {
            jobs.Stop(job);
        }

        await using (kill.Register(() =>
        {
            foreach (var job in jobs.Live)
            {
                jobs.Kill(job);
            }
        }))
        {
            await jobs.WhenAllEndedAsync();
        }

        Volatile.Write(ref _changed, true);
        try
        {
            using var limit = new CancellationTokenSource(s_lastLook, time);
            var plan = await DecideAsync(local.Run with { Spec = local.Run.Spec with { Suspend = true } }, limit.Token);
            StatusFile.Write(local.Work, plan.Status);
            local.Status = plan.Status;
        }
        catch (OperationCanceledException)
        {
            // The next start reads it from the job records.
        }
    }
}
