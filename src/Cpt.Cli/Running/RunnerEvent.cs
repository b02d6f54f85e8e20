using Cpt.Cli.Status;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>
/// One thing that happened, for whoever watches: a line of JSON off a terminal, a line of text or a moving bar on one.
/// What the trainer says is passed on with the stage's name added.
/// </summary>
internal sealed record RunnerEvent
{
    public required DateTimeOffset Time { get; init; }

    /// <summary><c>info</c>, <c>warning</c> or <c>error</c>.</summary>
    public string Level { get; init; } = "info";

    /// <summary>The runner's own: <c>run</c>, <c>stage</c>, <c>message</c>, <c>finished</c>; else the trainer's (<see cref="TrainerEvent.Event"/>).</summary>
    public required string Event { get; init; }

    /// <summary>Which run of a study; null where there is only one.</summary>
    public string? Run { get; init; }

    public string? Stage { get; init; }

    public int? Attempt { get; init; }

    /// <summary>Of event <c>stage</c>: <c>started</c>, <c>evaluating</c>, <c>reused</c>, <c>succeeded</c>, <c>preempted</c>, <c>retrying</c>, <c>failed</c>.</summary>
    public string? State { get; init; }

    public string? Message { get; init; }

    public StageProgress? Progress { get; init; }

    public TaskScore? Score { get; init; }

    /// <summary>Of event <c>finished</c>.</summary>
    public StatusDocument? Status { get; init; }

    public static RunnerEvent Of(string stage, int attempt, TrainerEvent trainer) => new()
    {
        Time = trainer.Time,
        // A line without one was not written by our trainer's sink, and says no more than that something happened.
        Level = string.IsNullOrEmpty(trainer.Level) ? "info" : trainer.Level,
        Event = trainer.Event,
        Stage = stage,
        Attempt = attempt,
        Message = trainer.Message,
        Progress = trainer.Progress,
        Score = trainer.Score,
    };
}
