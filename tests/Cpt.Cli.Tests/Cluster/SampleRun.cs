using Cpt.Api;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>A run of two stages as a cluster holds it, at several moments of its life.</summary>
internal static class SampleRun
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);

    public static ContinualRun Of(string name, string? @namespace = null, bool suspend = false) => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualRun.KindName,
        Metadata = new() { Name = name, Namespace = @namespace },
        Spec = new()
        {
            Suspend = suspend ? true : null,
            BaseModel = new() { Uri = "azblob://models/base" },
            Storage = new() { Uri = "file:///nowhere/checkpoints" },
            Template = new() { Image = "example.org/trainer:1" },
            Stages =
            [
                new() { Name = "parity", Method = Method.SFT, Task = new() { Uri = "azblob://data/parity" } },
                new() { Name = "half", Method = Method.RFT, Task = new() { Uri = "azblob://data/half" } },
            ],
        },
    };

    /// <summary>The second stage trains.</summary>
    public static ContinualRunStatus Training(int step = 40) => new()
    {
        Conditions = Conditions(ConditionStatus.Unknown, Reasons.Running, "Stage half trains."),
        Reason = Reasons.Running,
        Message = "Stage half trains.",
        CurrentStage = "half",
        StagesDone = "1/2",
        Progress = $"{step}/200",
        AverageAccuracy = "97.30",
        Checkpoint = new string('a', 64),
        Matrix = new()
        {
            Tasks = ["parity", "half"],
            Benchmarks = ["copy"],
            Rows = [new() { After = "", Tasks = ["43.40", "41.00"], Benchmarks = ["99.60"] }, new() { After = "parity", Tasks = ["97.30", ""], Benchmarks = ["98.80"] }],
        },
        Stages =
        [
            new() { Name = "parity", Method = Method.SFT, State = StageState.Succeeded, Attempts = 1, JudgedAttempts = 1, Progress = "200/200", CheckpointDigest = new string('a', 64), StageHash = new string('1', 40), StartedAt = Start, FinishedAt = Start.AddMinutes(10) },
            new() { Name = "half", Method = Method.RFT, State = StageState.Running, Attempts = 2, JudgedAttempts = 1, Progress = $"{step}/200", StageHash = new string('2', 40), StartedAt = Start.AddMinutes(10), ProgressTime = Start.AddMinutes(12) },
        ],
    };

    public static ContinualRunStatus Finished() => Training() with
    {
        Conditions = Conditions(ConditionStatus.True, Reasons.AllStagesFinished, "All 2 stages are finished."),
        Reason = Reasons.AllStagesFinished,
        Message = "All 2 stages are finished.",
        CurrentStage = null,
        StagesDone = "2/2",
        AverageAccuracy = "92.40",
        Forgetting = "-8.60",
        ForgettingFromPeak = "-8.60",
        Matrix = Training().Matrix! with { Rows = [.. Training().Matrix!.Rows, new() { After = "half", Tasks = ["88.70", "96.10"], Benchmarks = ["97.70"] }] },
        Stages = [.. Training().Stages.Select(stage => stage with { State = StageState.Succeeded, JudgedAttempts = stage.Attempts, CheckpointDigest = stage.CheckpointDigest ?? new string('b', 64), FinishedAt = Start.AddMinutes(20) })],
    };

    public static ContinualRunStatus Failed() => Training() with
    {
        Conditions = Conditions(ConditionStatus.False, Reasons.RetriesExhausted, "Stage half failed 4 times in a row."),
        Reason = Reasons.RetriesExhausted,
        Message = "Stage half failed 4 times in a row.",
        LastRetryToken = "",
        Stages = [.. Training().Stages.Select(stage => stage.Name == "half" ? stage with { State = StageState.Failed, JudgedAttempts = 2, LastExitCode = 70, Reason = "Internal" } : stage)],
    };

    public static ContinualRunStatus Waiting() => Training() with
    {
        Conditions = Conditions(ConditionStatus.Unknown, Reasons.WaitingForRetry, "Stage half is tried again in 20 s."),
        Reason = Reasons.WaitingForRetry,
        Message = "Stage half is tried again in 20 s.",
        NextRetryTime = Start.AddMinutes(13),
    };

    public static ContinualRunStatus Suspended(string reason = Reasons.Suspended) => Training() with
    {
        Conditions = [.. Conditions(ConditionStatus.Unknown, reason, "held"), new() { Type = ConditionTypes.Suspended, Status = ConditionStatus.True, Reason = reason == Reasons.GateHeld ? Reasons.GateHeld : Reasons.SpecSuspend, LastTransitionTime = Start }],
        Reason = reason,
        Message = "held",
    };

    private static IReadOnlyList<Condition> Conditions(string succeeded, string reason, string message) =>
    [
        new() { Type = ConditionTypes.Succeeded, Status = succeeded, Reason = reason, Message = message, LastTransitionTime = Start },
        new() { Type = ConditionTypes.Accepted, Status = ConditionStatus.True, Reason = Reasons.Valid, LastTransitionTime = Start },
        new() { Type = ConditionTypes.Stalled, Status = succeeded == ConditionStatus.False ? ConditionStatus.True : ConditionStatus.False, Reason = Reasons.Moving, LastTransitionTime = Start },
    ];
}
