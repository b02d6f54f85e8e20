using System.Globalization;
using Cpt.Api;
using Cpt.Cli.Running;

namespace Cpt.Cli.Status;

/// <summary>Turns a run's status into the document that people and scripts read: numbers instead of strings, and whether anybody works on it.</summary>
internal static class StatusDocuments
{
    /// <param name="run">As stored in the work directory or in the manifest.</param>
    /// <param name="status">Null when it was never started.</param>
    /// <param name="work">Where it runs.</param>
    /// <param name="active">A runner is alive.</param>
    public static StatusDocument Build(ContinualRun run, ContinualRunStatus? status, WorkDirectory work, bool active)
    {
        var document = Build(run, status, StateOf(run, status, active), active) with
        {
            Workdir = work.Root,
            Report = File.Exists(work.ReportFile) ? work.ReportFile : null,
        };
        return document.State == RunState.Interrupted
            ? document with { Reason = nameof(RunState.Interrupted), Message = "Nobody works on it; the same cpt run goes on where it stopped." }
            : document;
    }

    /// <summary>A run on a cluster: the operator works on it, always.</summary>
    public static StatusDocument OfCluster(ContinualRun run, IReadOnlyList<RunEvent>? events = null)
    {
        var document = Build(run, run.Status, StateOf(run.Status), active: true) with
        {
            Conditions = [.. (run.Status?.Conditions ?? []).Select(condition => new ConditionStatusDocument(condition.Type, condition.Status, condition.Reason, condition.Message, condition.LastTransitionTime))],
            Events = events,
        };
        return document.State == RunState.NotStarted ? document with { Message = "No operator has looked at this run yet. Is cpt-operator running, and does it watch this namespace?" } : document;
    }

    private static StatusDocument Build(ContinualRun run, ContinualRunStatus? status, RunState state, bool active)
    {
        var matrix = status?.Matrix;
        return new StatusDocument
        {
            Run = run.Metadata.Name,
            Namespace = run.Metadata.Namespace ?? RunDefaults.Namespace,
            State = state,
            Reason = status?.Reason,
            Message = status?.Message,
            CurrentStage = status?.CurrentStage,
            NextRetryTime = status?.NextRetryTime,
            AverageAccuracy = Number(status?.AverageAccuracy),
            Forgetting = Number(status?.Forgetting),
            ForgettingFromPeak = Number(status?.ForgettingFromPeak),
            ForwardTransfer = Number(status?.ForwardTransfer),
            Tasks = matrix?.Tasks ?? [.. TaskColumns.Of(run.Spec.Stages).Select(task => task.Name)],
            LearnedIn = matrix is null ? [.. TaskColumns.Of(run.Spec.Stages).Select(task => task.Stage)] : matrix.LearnedIn ?? matrix.Tasks,
            Rows = matrix is null ? [] : [.. matrix.Rows.Select(row => row.After.Length == 0 ? StatusDocument.BaseRow : row.After)],
            Matrix = matrix is null ? [] : [.. matrix.Rows.Select(row => Cells(row.Tasks, matrix.Tasks.Count))],
            Benchmarks = matrix is null ? [] : [.. matrix.Benchmarks.Select((name, index) => Benchmark(name, [.. matrix.Rows.Select(row => Number(row.Benchmarks.ElementAtOrDefault(index)))]))],
            Stages = [.. run.Spec.Stages.Select(stage => Stage(stage, status?.Stages.FirstOrDefault(known => known.Name == stage.Name), active))],
        };
    }

    private static RunState StateOf(ContinualRun run, ContinualRunStatus? status, bool active)
    {
        var summary = SummaryOf(status);
        return summary?.Status switch
        {
            ConditionStatus.True => RunState.Succeeded,
            ConditionStatus.False => RunState.Failed,
            _ when active => RunState.Running,
            _ when status is null => RunState.NotStarted,
            // Ctrl-C is written down as a suspension too, but the manifest does not ask for one.
            _ when summary?.Reason == Reasons.GateHeld || run.Spec.Suspend == true => RunState.Suspended,
            _ => RunState.Interrupted,
        };
    }

    private static RunState StateOf(ContinualRunStatus? status) => SummaryOf(status) switch
    {
        null => RunState.NotStarted,
        { Status: ConditionStatus.True } => RunState.Succeeded,
        { Status: ConditionStatus.False } => RunState.Failed,
        // While its trainer still saves it is not at rest.
        { Reason: Reasons.Suspended or Reasons.GateHeld } => RunState.Suspended,
        _ => RunState.Running,
    };

    private static Condition? SummaryOf(ContinualRunStatus? status) => status?.Conditions.FirstOrDefault(condition => condition.Type == ConditionTypes.Succeeded);

    private static BenchmarkStatus Benchmark(string name, IReadOnlyList<double?> scores)
    {
        var last = scores.LastOrDefault(score => score is not null);
        return new BenchmarkStatus(name, scores, scores.Count > 1 && scores[0] is { } first ? Round(last - first) : null);
    }

    private static StageStatusDocument Stage(RunStage stage, StageStatus? status, bool active)
    {
        var (step, steps) = Progress(status?.Progress);
        var (kept, instances) = Progress(status?.Kept);
        var state = status?.State ?? StageState.Waiting;
        // A record of running without a runner only says what was going on when it ended.
        var interrupted = !active && state is StageState.Running or StageState.Evaluating or StageState.Pending;
        return new StageStatusDocument
        {
            Name = stage.Name,
            Method = stage.Method.ToString(),
            State = interrupted ? "Interrupted" : state.ToString(),
            Attempts = status?.Attempts ?? 0,
            Retries = status?.Retries ?? 0,
            Preemptions = status?.Preemptions ?? 0,
            Reused = state == StageState.Reused,
            Step = step,
            Steps = steps,
            Probe = status?.Probe,
            Sampled = kept is null ? status?.Sampled : null,
            InstancesKept = kept,
            Instances = instances,
            SecondsLeft = active && state == StageState.Running ? SecondsLeft(status!, step, steps) : null,
            Drift = Number(status?.Drift),
            CheckpointDigest = status?.CheckpointDigest,
            StageHash = status?.StageHash,
            DurationSeconds = status is { StartedAt: { } start, FinishedAt: { } end } ? Math.Round((end - start).TotalSeconds, 1) : null,
            Reason = status?.Reason,
            Message = status?.Message,
        };
    }

    private static double? SecondsLeft(StageStatus status, int? step, int? steps) =>
        status is { StartedAt: { } start, ProgressTime: { } seen } && step > 0 && steps >= step && seen > start
            ? Math.Round((seen - start).TotalSeconds / step.Value * (steps.Value - step.Value))
            : null;

    private static (int? Step, int? Steps) Progress(string? progress)
    {
        var parts = progress?.Split('/') ?? [];
        return (Whole(parts.ElementAtOrDefault(0)), Whole(parts.ElementAtOrDefault(1)));
    }

    private static int? Whole(string? text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static List<double?> Cells(IReadOnlyList<string> cells, int count) => [.. Enumerable.Range(0, count).Select(index => Number(cells.ElementAtOrDefault(index)))];

    private static double? Number(string? text) => double.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static double? Round(double? value) => value is { } number ? Math.Round(number, 2) : null;
}
