using Cpt.Api;
using Cpt.Operator.Runs;
using Cpt.Planning;

namespace Cpt.Operator.Tests;

public sealed class WritePatienceTests
{
    private readonly ManualClock _clock = new();
    private readonly RunMemory _memory = new();

    [Fact]
    public void StepCountsAreWrittenAtMostEveryFifteenSeconds()
    {
        var patience = new WritePatience(_clock);
        var step = new PlanAction.PersistStatus(Status(StageState.Running, "demo-parity-a1"), ProgressOnly: true);
        Assert.Null(patience.Left(_memory, Status(StageState.Running, "demo-parity-a1"), step));

        patience.Written(_memory);
        _clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(TimeSpan.FromSeconds(10), patience.Left(_memory, Status(StageState.Running, "demo-parity-a1"), step));

        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Null(patience.Left(_memory, Status(StageState.Running, "demo-parity-a1"), step));
    }

    [Fact]
    public void TheFirstSightOfAJobWaitsAMomentForItsPod()
    {
        var patience = new WritePatience(_clock);
        var before = Status(StageState.Pending, job: null);
        var seen = new PlanAction.PersistStatus(Status(StageState.Pending, "demo-parity-a1"), ProgressOnly: false);
        Assert.Equal(TimeSpan.FromSeconds(2), patience.Left(_memory, before, seen));

        _clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Equal(TimeSpan.FromSeconds(0.5), patience.Left(_memory, before, seen));

        _clock.Advance(TimeSpan.FromSeconds(0.5));
        Assert.Null(patience.Left(_memory, before, seen));
    }

    [Fact]
    public void WhateverMeansSomethingIsWrittenAtOnce()
    {
        var patience = new WritePatience(_clock);
        patience.Written(_memory);
        var before = Status(StageState.Pending, job: null);

        Assert.Null(patience.Left(_memory, null, new PlanAction.PersistStatus(before, ProgressOnly: false)));
        Assert.Null(patience.Left(_memory, before, new PlanAction.PersistStatus(Status(StageState.Running, "demo-parity-a1") with { Reason = Reasons.Running }, ProgressOnly: false)));
        Assert.Null(patience.Left(_memory, before, new PlanAction.PersistStatus(Status(StageState.Pending, "demo-parity-a1", attempts: 2), ProgressOnly: false)));
    }

    private static ContinualRunStatus Status(StageState state, string? job, int attempts = 1) => new()
    {
        Reason = Reasons.Pending,
        Message = job ?? "begins",
        Stages = [new StageStatus { Name = "parity", Method = Method.SFT, State = state, Attempts = attempts, Job = job }],
    };

    private sealed class ManualClock : TimeProvider
    {
        private long _ticks = 1_000_000;

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => _ticks;

        public void Advance(TimeSpan by) => _ticks += by.Ticks;
    }
}
