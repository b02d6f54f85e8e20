using System.Globalization;
using Cpt.Api;
using Cpt.Cli.Reporting;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Studies;

/// <summary>
/// Runs every run of a study as <c>cpt run</c> would, so many side by side. All state is the runs' own: called again, finished runs end at once and the others go on. A run that fails
/// stops no other.
/// </summary>
internal sealed class StudyRunner(StudySource source, StudyDirectory place, int concurrency, int threads, IStudyDisplay display, TimeProvider time) : IDisposable
{
    private readonly StageClaims _claims = new();
    private readonly SemaphoreSlim _places = new(concurrency);
    private readonly Lock _gate = new();

    public void Dispose() => _places.Dispose();

    /// <param name="stop">Asked to stop: trainers save and end.</param>
    /// <param name="kill">Asked again: trainers are ended at once.</param>
    /// <returns>The exit code of every run, in the study's order.</returns>
    public async Task<IReadOnlyList<int>> RunAsync(CancellationToken stop, CancellationToken kill)
    {
        // Started in this order, they are seated in this order.
        var runs = source.Runs.Select(run => RunAsync(run, stop, kill)).ToList();
        return await Task.WhenAll(runs);
    }

    public void Say(string level, string message) => Show(new RunnerEvent { Time = time.GetUtcNow(), Level = level, Event = "message", Message = message });

    private async Task<int> RunAsync(StudyRun run, CancellationToken stop, CancellationToken kill)
    {
        var name = run.Run.Metadata.Name;
        using var seat = new StudySeat(name, _claims, _places);
        try
        {
            await seat.SitAsync(stop);
            return await RunSeatedAsync(run, seat, stop, kill);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return ExitCodes.Stopped;
        }
        catch (Exception error) when (error is CliException or StageFailureException or IOException or UnauthorizedAccessException)
        {
            Show(new RunnerEvent { Time = time.GetUtcNow(), Level = "error", Event = "finished", Run = name, State = "failed", Message = error.Message });
            return error switch { CliException known => known.ExitCode, StageFailureException known => known.ExitCode, _ => ExitCodes.StorageUnavailable };
        }
    }

    private async Task<int> RunSeatedAsync(StudyRun run, StudySeat seat, CancellationToken stop, CancellationToken kill)
    {
        var name = run.Run.Metadata.Name;
        var work = place.Prepare(name);
        using var held = WorkLock.Take(work);
        var local = LocalRun.Enter(source.SourceOf(run), work, time);
        await using var told = new RunDisplay(this, name);
        var narrator = new RunNarrator(told, time);
        var environment = new LocalEnvironment(work, threads);
        var options = environment.StorageOptions(message => narrator.Say("warning", null, message));
        var lookups = new LocalLookups(CheckpointStore.Open(local.Run.Spec.Storage.Uri, options), new InputResolver(options), work.CacheDirectory);
        using var jobs = new LocalJobs(work, environment, stage => StageWorkers.Of(local.Run, stage).Count, time, Pass);

        Show(new RunnerEvent { Time = time.GetUtcNow(), Event = "run", Run = name, Message = string.Create(CultureInfo.InvariantCulture, $"variant {run.Variant}, seed {run.Seed}, {local.Run.Spec.Stages.Count} stage{(local.Run.Spec.Stages.Count == 1 ? "" : "s")}") });
        var exitCode = await new LocalRunner(local, lookups, jobs, narrator, time, seat).RunAsync(stop, kill);
        seat.Leave();
        await ReportFile.TryWriteAsync(local, lookups.Store, message => narrator.Say("warning", null, message), time);
        if (exitCode == ExitCodes.Done)
        {
            ForgetCopies(work);
        }

        Show(new RunnerEvent
        {
            Time = time.GetUtcNow(),
            Level = exitCode is ExitCodes.Done or ExitCodes.Stopped ? "info" : "error",
            Event = "finished",
            Run = name,
            State = exitCode switch { ExitCodes.Done => "succeeded", ExitCodes.Stopped => "stopped", _ => "failed" },
            Message = exitCode is ExitCodes.Done or ExitCodes.Stopped ? null : $"{local.Status?.Reason}: {local.Status?.Message}",
            Status = local.Document(active: false),
        });
        return exitCode;

        void Pass(string stage, int attempt, TrainerEvent trainer)
        {
            // Row 0 is scored before the first step.
            if (trainer is { Event: "step" } or { Progress.Phase: TrainerPhase.Training })
            {
                seat.BaselineIsScored();
            }

            narrator.Pass(stage, attempt, trainer);
        }
    }

    /// <summary>Of large models a copy for each run would fill the disk.</summary>
    private static void ForgetCopies(WorkDirectory work)
    {
        try
        {
            Directory.Delete(work.CacheDirectory, recursive: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            // They are of no use any more, and of no harm.
        }
    }

    private void Show(RunnerEvent what)
    {
        lock (_gate)
        {
            display.Show(what);
        }
    }

    /// <summary>One run's events, among those of the others.</summary>
    private sealed class RunDisplay(StudyRunner study, string run) : IRunDisplay
    {
        public void Begin(ContinualRun begun, WorkDirectory work)
        {
        }

        public void Show(RunnerEvent what) => study.Show(what with { Run = run });

        public void End(Status.StatusDocument status, IReadOnlyList<string> next)
        {
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
