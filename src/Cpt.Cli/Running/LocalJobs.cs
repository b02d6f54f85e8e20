using System.Collections.Concurrent;
using System.Text.Json;
using Cpt.Contract;
using Cpt.Planning;

namespace Cpt.Cli.Running;

/// <summary>
/// What Jobs and Pods are on a cluster: attempts as child processes, each with its record. The records are what survives a SIGKILL of
/// this process; the processes are not (a trainer dies with its runner).
/// </summary>
/// <param name="work">Of the run.</param>
/// <param name="environment">What trainers see.</param>
/// <param name="workers">How many train a stage together, by its place.</param>
/// <param name="time">For the records.</param>
/// <param name="onEvent">Called with stage, attempt and what the trainer said.</param>
internal sealed class LocalJobs(WorkDirectory work, LocalEnvironment environment, Func<int, int> workers, TimeProvider time, Action<string, int, TrainerEvent> onEvent) : IDisposable
{
    private readonly ConcurrentDictionary<string, JobRecord> _records = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Attempt> _live = new(StringComparer.Ordinal);

    /// <summary>The end of an attempt could not be told or written down (a full disk); its record is settled by the next runner.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Raised after a record changed for a reason other than progress; on a pool thread.</summary>
    public event Action? Changed;

    /// <summary>
    /// Reads the records and settles those whose runner is gone. A trainer normally dies with its runner; one that is still there would
    /// train beside the next attempt, so it is ended by its recorded identity first.
    /// </summary>
    public void Recover()
    {
        foreach (var record in JobRecord.LoadAll(work))
        {
            _records[record.Name] = record.IsActive ? Settle(record) : record;
        }
    }

    /// <summary>Ended attempts and running ones, with the running ones' last progress.</summary>
    public IReadOnlyList<ObservedJob> Observe() => [.. _records.Values.OrderBy(record => record.StartedAt).Select(Observe)];

    public IReadOnlyCollection<string> Live => [.. _live.Keys];

    public JobRecord? Record(string job) => _records.GetValueOrDefault(job);

    /// <summary>Writes the record, then starts the trainer: a number that may have been used is always on record.</summary>
    public void Create(PlanAction.CreateJob action)
    {
        if (_records.ContainsKey(action.JobName))
        {
            return;
        }

        var spec = action.Spec;
        AtomicFile.Write(work.StageFile(action.JobName), JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec));
        var record = new JobRecord
        {
            Name = action.JobName,
            Stage = spec.Stage,
            StageHash = spec.StageHash,
            Attempt = spec.Attempt,
            RetryToken = action.RetryToken,
            EvaluateOnly = action.EvaluateOnly,
            State = JobState.Created,
            Runner = ProcessIdentity.Current,
            StartedAt = time.GetUtcNow(),
        };
        Save(record);

        var attempt = new Attempt();
        var process = TrainerProcess.Start(work, environment, action.JobName, workers(spec.Index), trainerEvent => Receive(record, attempt, trainerEvent));
        attempt.Process = process;
        _live[action.JobName] = attempt;
        Save(record with { State = JobState.Running, Trainer = process.Identity });
        attempt.End = WatchAsync(action.JobName, attempt);
    }

    /// <summary>SIGTERM: the trainer saves and ends with exit code 75.</summary>
    public void Stop(string job)
    {
        if (_live.TryGetValue(job, out var attempt) && !attempt.Stopping)
        {
            attempt.Stopping = true;
            attempt.Process!.Stop();
        }
    }

    public void Kill(string job)
    {
        if (_live.TryGetValue(job, out var attempt))
        {
            attempt.EndedAtOnce = true;
            attempt.Process!.Kill();
        }
    }

    public Task WhenAllEndedAsync() => Task.WhenAll(_live.Values.Select(attempt => attempt.End));

    public void Dispose()
    {
        foreach (var attempt in _live.Values)
        {
            attempt.Process?.Dispose();
        }
    }

    private void Receive(JobRecord record, Attempt attempt, TrainerEvent trainerEvent)
    {
        attempt.Progress = trainerEvent.Progress ?? attempt.Progress;
        attempt.Result = trainerEvent.Result ?? attempt.Result;
        onEvent(record.Stage, record.Attempt, trainerEvent);
    }

    private async Task WatchAsync(string job, Attempt attempt)
    {
        try
        {
            await SettleAsync(job, attempt);
        }
        catch (Exception error)
        {
            Fault = error;
        }

        _live.TryRemove(job, out _);
        Changed?.Invoke();
    }

    private async Task SettleAsync(string job, Attempt attempt)
    {
        var exit = await attempt.Process!.WaitAsync();
        var record = _records[job];
        var result = attempt.Result ?? ReadResult(job);
        var terminated = attempt.EndedAtOnce && exit.Signal == Libc.SigKill;
        Save(record with
        {
            State = exit.Code switch
            {
                ExitCodes.Done => JobState.Succeeded,
                ExitCodes.Stopped => JobState.Preempted,
                _ when terminated => JobState.Preempted,
                _ => JobState.Failed,
            },
            FinishedAt = time.GetUtcNow(),
            ExitCode = exit.Code,
            Reason = terminated ? AttemptEnds.Terminated : result?.Reason ?? (exit.Signal is { } signal ? "Signal" + signal.ToString(System.Globalization.CultureInfo.InvariantCulture) : "NoResult"),
            Message = terminated ? "Ended at once, as asked: it did not save." : result?.Message ?? Describe(exit),
            Result = result,
            Step = attempt.Progress?.Step,
            Steps = attempt.Progress?.Steps,
        });
    }

    private static string Describe(TrainerExit exit) => exit.Signal switch
    {
        Libc.SigKill => "The trainer was killed (SIGKILL): by somebody, or by the system because memory ran out.",
        { } signal => $"The trainer was ended by signal {signal.ToString(System.Globalization.CultureInfo.InvariantCulture)}. {exit.ErrorTail}".Trim(),
        null when exit.ErrorTail.Length > 0 => $"The trainer ended with exit code {exit.Code.ToString(System.Globalization.CultureInfo.InvariantCulture)}: {exit.ErrorTail}",
        null => $"The trainer ended with exit code {exit.Code.ToString(System.Globalization.CultureInfo.InvariantCulture)} and said nothing.",
    };

    private JobRecord Settle(JobRecord record)
    {
        if (record.Trainer is { IsAlive: true } trainer)
        {
            Libc.Signal(trainer.Pid, Libc.SigKill);
            SpinWait.SpinUntil(() => !trainer.IsAlive);
        }

        // The trainer may have had its say before both were gone: bad data stays bad data.
        var result = ReadResult(record.Name);
        var settled = record with
        {
            State = result?.ExitCode switch
            {
                ExitCodes.Done => JobState.Succeeded,
                { } code when ExitCodes.IsPermanent(code) => JobState.Failed,
                _ => JobState.Preempted,
            },
            FinishedAt = time.GetUtcNow(),
            ExitCode = result?.ExitCode,
            Reason = result?.Reason ?? AttemptEnds.RunnerGone,
            Message = result?.Message ?? "The process that ran this stage was ended from outside.",
            Result = result,
        };
        settled.Save(work);
        return settled;
    }

    private ObservedJob Observe(JobRecord record)
    {
        _live.TryGetValue(record.Name, out var attempt);
        return Observed(record, alive: true) with { Stopping = attempt?.Stopping ?? false, Progress = attempt?.Progress };
    }

    /// <summary>A record as the planner sees it.</summary>
    /// <param name="record">Of an attempt.</param>
    /// <param name="alive">False: whoever looked after it is gone, whatever the record says.</param>
    public static ObservedJob Observed(JobRecord record, bool alive)
    {
        var gone = record.IsActive && !alive;
        return new ObservedJob
        {
            Name = record.Name,
            Stage = record.Stage,
            Attempt = record.Attempt,
            StageHash = record.StageHash,
            RetryToken = record.RetryToken,
            Phase = record.State switch
            {
                _ when gone => JobPhase.Failed,
                JobState.Created => JobPhase.Pending,
                JobState.Running => JobPhase.Running,
                JobState.Succeeded => JobPhase.Succeeded,
                _ => JobPhase.Failed,
            },
            CreatedAt = record.StartedAt,
            StartedAt = record.StartedAt,
            FinishedAt = record.FinishedAt,
            ExitCode = record.ExitCode,
            Reasons = gone ? [AttemptEnds.RunnerGone] : record.Reason is { } reason ? [reason] : [],
            Message = record.Message,
            Result = record.Result,
        };
    }

    /// <summary>Null also for a result cut short by a SIGKILL.</summary>
    private StageResult? ReadResult(string job)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllText(work.TerminationFile(job)), ContractJson.Default.StageResult);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    private void Save(JobRecord record)
    {
        record.Save(work);
        _records[record.Name] = record;
    }

    private sealed class Attempt
    {
        public TrainerProcess? Process { get; set; }

        public volatile bool Stopping;

        /// <summary>Killed by this runner, because it was asked twice to stop: no fault of the stage.</summary>
        public volatile bool EndedAtOnce;

        public StageProgress? Progress { get; set; }

        public StageResult? Result { get; set; }

        public Task End { get; set; } = Task.CompletedTask;
    }
}
