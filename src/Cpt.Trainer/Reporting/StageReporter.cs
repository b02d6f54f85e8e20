using Cpt.Contract;

namespace Cpt.Trainer.Reporting;

/// <summary>
/// The one place a stage reports to: keeps the snapshot behind /progress, writes events, and beats the heart that /healthz listens to.
/// Step events are thinned, snapshots are not.
/// </summary>
internal sealed class StageReporter(IEventSink sink, TimeProvider time, StageProgress first)
{
    /// <summary>At most four step events a second: a fast small model would otherwise fill a disk with its log.</summary>
    private static readonly TimeSpan s_stepEvents = TimeSpan.FromMilliseconds(250);

    private readonly Lock _gate = new();
    private StageProgress _progress = first with { UpdatedAt = time.GetUtcNow() };
    private long _lastBeat = time.GetTimestamp();
    private long? _lastStepEvent;

    public StageProgress Progress => Volatile.Read(ref _progress);

    /// <summary>Time since the stage last moved: a step, an evaluated batch, a transferred file.</summary>
    public TimeSpan SinceLastBeat => time.GetElapsedTime(Interlocked.Read(ref _lastBeat));

    public void Beat() => Interlocked.Exchange(ref _lastBeat, time.GetTimestamp());

    public StageProgress Update(Func<StageProgress, StageProgress> change)
    {
        lock (_gate)
        {
            var next = change(_progress) with { UpdatedAt = time.GetUtcNow() };
            Volatile.Write(ref _progress, next);
            Beat();
            return next;
        }
    }

    public void Phase(TrainerPhase phase, string? evaluatingTask = null) =>
        Write(new TrainerEvent
        {
            Time = time.GetUtcNow(),
            Event = "phase",
            Progress = Update(progress => progress with { Phase = phase, EvaluatingTask = evaluatingTask }),
        });

    /// <param name="change">Applied to the snapshot, whether or not an event is written.</param>
    /// <param name="always">Set for steps a reader must not miss: the last, and those that are committed.</param>
    public void Step(Func<StageProgress, StageProgress> change, bool always)
    {
        var progress = Update(change);
        if (always || _lastStepEvent is not { } last || time.GetElapsedTime(last) >= s_stepEvents)
        {
            _lastStepEvent = time.GetTimestamp();
            Write(new TrainerEvent { Time = time.GetUtcNow(), Event = "step", Progress = progress });
        }
    }

    /// <summary>Train samples that the input policy has answered before step 1.</summary>
    /// <param name="done">So far.</param>
    /// <param name="due">In all.</param>
    /// <param name="announce">An event is written.</param>
    public void Sampled(int done, int due, bool announce)
    {
        var progress = Update(progress => progress with { Sampled = done, ToSample = due });
        if (announce)
        {
            Write(new TrainerEvent { Time = time.GetUtcNow(), Event = "sampling", Progress = progress });
        }
    }

    public void Probed(string summary)
    {
        Update(progress => progress with { Probe = summary });
        WithProgress("probe", $"probe: {summary}");
    }

    public void Checkpoint(string message) => WithProgress("checkpoint", message);

    public void Resumed(string message) => WithProgress("resumed", message);

    public void Evaluation(TaskScore score) =>
        Write(new TrainerEvent { Time = time.GetUtcNow(), Event = "evaluation", Score = score with { Records = [] }, Progress = Progress });

    public void Listening(string address) =>
        Write(new TrainerEvent { Time = time.GetUtcNow(), Event = "listening", Message = address });

    public void Info(string message) => Say("info", message);

    public void Warning(string message) => Say("warning", message);

    public void Error(string message) => Say("error", message);

    public void Result(StageResult result) =>
        Write(new TrainerEvent
        {
            Time = time.GetUtcNow(),
            Event = "result",
            Level = result.ExitCode is ExitCodes.Done or ExitCodes.Stopped ? "info" : "error",
            Message = result.Message,
            Result = result,
            Progress = Progress,
        });

    private void WithProgress(string name, string message) =>
        Write(new TrainerEvent { Time = time.GetUtcNow(), Event = name, Message = message, Progress = Progress });

    private void Say(string level, string message) =>
        Write(new TrainerEvent { Time = time.GetUtcNow(), Event = "message", Level = level, Message = message });

    private void Write(TrainerEvent trainerEvent)
    {
        Beat();
        sink.Write(trainerEvent);
    }
}
