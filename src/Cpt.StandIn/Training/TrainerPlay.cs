using System.Text;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.StandIn;

/// <summary>How a container ended.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Result">Its termination message, if it wrote one.</param>
internal sealed record TrainerEnd(int ExitCode, StageResult? Result)
{
    /// <summary>Killed by the grace period's end, or for its memory.</summary>
    public const int Killed = 137;

    /// <summary>Ended by a SIGTERM that it does not handle.</summary>
    public const int Terminated = 143;
}

/// <summary>
/// The trainer of one attempt, without the training: commits checkpoints and scores where and in the order in which the real one does, with weights that follow from stage and step.
/// </summary>
internal sealed class TrainerPlay(StageSpec spec, AttemptScript script, Scenario scenario, CheckpointStore store, TimeProvider time)
{
    private volatile StageProgress _progress = new() { Stage = spec.Stage, Attempt = spec.Attempt, Phase = TrainerPhase.Starting, Steps = script.Steps };
    private readonly long _started = time.GetTimestamp();
    private int _from;
    private int _committed;

    /// <summary>As /progress shows it now.</summary>
    public StageProgress Progress => _progress with
    {
        Step = Step,
        CheckpointStep = Volatile.Read(ref _committed),
        Reward = script.Reward,
        UpdatedAt = time.GetUtcNow(),
    };

    /// <summary>Steps done by now: spread evenly over the duration.</summary>
    private int Step
    {
        get
        {
            var share = script.Duration <= TimeSpan.Zero ? 0 : time.GetElapsedTime(_started) / script.Duration;
            return Math.Max(Volatile.Read(ref _committed), Math.Min(LastStep, _from + (int)(share * (LastStep - _from))));
        }
    }

    private int LastStep => script.Ending is Ending.Completes ? script.Steps : script.EndsAfterStep ?? script.Steps / 2;

    /// <summary>Everything up to the end that the script gives.</summary>
    /// <param name="stop">SIGTERM: ends with <see cref="OperationCanceledException"/>; then call <see cref="SaveAsync"/>.</param>
    public async Task<TrainerEnd> RunAsync(CancellationToken stop)
    {
        var final = await store.ReadManifestAsync(spec.StageHash, stop);
        if (spec.Evaluation.Baseline)
        {
            await ScoreBaselineAsync(stop);
        }

        if (final is null)
        {
            await TrainAsync(stop);
        }

        if (script.Until is { } until)
        {
            await until(stop);
        }

        switch (script.Ending)
        {
            case Ending.Completes:
                final ??= await CommitAsync(script.Steps, CheckpointKind.Final, stop);
                return Completed(final, await ScoreAsync(final, stop));
            case Ending.Exits exits:
                return new(exits.Code, exits.Reason is null ? null : Result(exits.Code, exits.Reason, exits.Message, Step));
            case Ending.Never:
                await Task.Delay(Timeout.InfiniteTimeSpan, time, stop);
                return new(0, null);
            default:
                return new(TrainerEnd.Killed, null);
        }
    }

    /// <summary>What SIGTERM leads to.</summary>
    public async Task<TrainerEnd> SaveAsync(TimeSpan grace, CancellationToken cancellation)
    {
        if (!script.SavesWhenStopped)
        {
            return new(TrainerEnd.Terminated, null);
        }

        _progress = _progress with { Phase = TrainerPhase.Stopping };
        if (script.Saving > grace)
        {
            await Task.Delay(grace, time, cancellation);
            return new(TrainerEnd.Killed, null);
        }

        await Task.Delay(script.Saving, time, cancellation);
        var step = Math.Min(Step, script.Steps - 1);
        if (step > Volatile.Read(ref _committed))
        {
            await CommitAsync(step, CheckpointKind.Step, cancellation);
        }

        return new(ExitCodes.Stopped, Result(ExitCodes.Stopped, "Stopped", "SIGTERM arrived; progress is saved", step));
    }

    private async Task TrainAsync(CancellationToken stop)
    {
        // A first attempt has nothing to resume from; looking would cost a listing.
        if (spec.Attempt > 1 && await store.ListStepsAsync(spec.StageHash, stop) is [var newest, ..])
        {
            _from = _committed = newest.Step;
        }

        _progress = _progress with { Phase = TrainerPhase.Training };
        var last = LastStep;
        var pause = last > _from ? script.Duration / (last - _from) : script.Duration;
        for (var step = _from + 1; step <= last; step++)
        {
            await DelayAsync(pause, stop);
            if (script.CommitEvery > 0 && step % script.CommitEvery == 0 && step < script.Steps)
            {
                await CommitAsync(step, CheckpointKind.Step, stop);
            }
        }
    }

    private Task DelayAsync(TimeSpan pause, CancellationToken stop) => pause > TimeSpan.Zero ? Task.Delay(pause, time, stop) : Task.CompletedTask;

    private async Task<CheckpointManifest> CommitAsync(int step, CheckpointKind kind, CancellationToken stop)
    {
        var directory = Directory.CreateTempSubdirectory("cpt-stand-in-");
        try
        {
            var config = Path.Combine(directory.FullName, "config.json");
            await File.WriteAllTextAsync(config, """{"model_type":"stand-in"}""", stop);
            var weights = Path.Combine(directory.FullName, "model.safetensors");
            await File.WriteAllBytesAsync(weights, Weights(spec.StageHash, step), stop);
            var manifest = await store.CommitAsync(Draft(step, kind), [new("config.json", config, FileRole.Model), new("model.safetensors", weights, FileRole.Model)], null, stop);
            Volatile.Write(ref _committed, step);
            return manifest;
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    /// <summary>A file that safetensors' own reader takes: no tensors, and what it stands for.</summary>
    internal static byte[] Weights(string stageHash, int step)
    {
        var header = Encoding.UTF8.GetBytes($$$"""{"__metadata__":{"stage":"{{{stageHash}}}","step":"{{{step}}}"}}""");
        return [.. BitConverter.GetBytes((ulong)header.Length), .. header];
    }

    private CheckpointManifest Draft(int step, CheckpointKind kind) => new()
    {
        Kind = kind,
        StageHash = spec.StageHash,
        Namespace = spec.Namespace,
        Run = spec.Run,
        Stage = spec.Stage,
        Attempt = spec.Attempt,
        Step = step,
        StepsDue = script.Steps,
        ModelDigest = "",
        Files = [],
        Parents = [spec.Input.Digest],
        TrainerVersion = "stand-in",
        CreatedAt = time.GetUtcNow(),
    };

    private async Task ScoreBaselineAsync(CancellationToken stop)
    {
        _progress = _progress with { Phase = TrainerPhase.Evaluating };
        await WriteRowAsync(Digests.BaselineHash(spec.BaseModel.Digest), spec.BaseModel.Digest, "", spec.Evaluation.BaselineTasks, stop);
    }

    private Task<EvaluationDocument> ScoreAsync(CheckpointManifest final, CancellationToken stop)
    {
        _progress = _progress with { Phase = TrainerPhase.Evaluating };
        return WriteRowAsync(spec.StageHash, final.ModelDigest, spec.Stage, spec.Evaluation.Tasks, stop);
    }

    private Task<EvaluationDocument> WriteRowAsync(string row, string model, string after, IReadOnlyList<TaskInput> tasks, CancellationToken stop) =>
        store.WriteEvaluationAsync(new()
        {
            StageHash = row,
            ModelDigest = model,
            Scores = [.. tasks.Select(task => Score(after, task, ScoreKind.Task)), .. spec.Evaluation.Benchmarks.Select(benchmark => Score(after, benchmark, ScoreKind.Benchmark))],
            Drift = spec.Evaluation.DriftPrompts is var prompts and > 0 && after.Length > 0
                ? [.. tasks.Select(task => new DriftScore { Task = task.Name, TaskDigest = task.Digest, Kl = (1 - scenario.Accuracy(after, task.Name)) / 10, Prompts = prompts, Tokens = prompts })]
                : null,
            CreatedAt = time.GetUtcNow(),
        }, stop);

    private TaskScore Score(string after, TaskInput task, ScoreKind kind) =>
        new() { Task = task.Name, Kind = kind, TaskDigest = task.Digest, Accuracy = scenario.Accuracy(after, task.Name), Samples = 100 };

    private TrainerEnd Completed(CheckpointManifest final, EvaluationDocument row) => new(ExitCodes.Done, Result(ExitCodes.Done, "Completed", null, final.Step) with
    {
        CheckpointDigest = final.ModelDigest,
        Scores = row.Scores.ToDictionary(score => score.Task, score => score.Accuracy, StringComparer.Ordinal),
    });

    private StageResult Result(int code, string reason, string? message, int step) => new()
    {
        Stage = spec.Stage,
        Attempt = spec.Attempt,
        StageHash = spec.StageHash,
        ExitCode = code,
        Reason = reason,
        Message = message,
        Step = step,
        Steps = script.Steps,
        DurationSeconds = script.Duration.TotalSeconds,
    };
}
