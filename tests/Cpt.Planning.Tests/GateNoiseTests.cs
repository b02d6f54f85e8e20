using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>Gates with a confidence: what may be noise stops nobody.</summary>
public sealed class GateNoiseTests
{
    // 25 points are forgotten. With 20 samples a task that may be anything from 5 to 45, with 400 it is sure.
    [Theory]
    [InlineData(400, "20", RunOutcome.Failed)]
    [InlineData(20, "20", RunOutcome.Succeeded)]
    [InlineData(20, "2", RunOutcome.Failed)]
    public void AGateStopsOnlyWhereTheWholeIntervalIsPastItsLimit(int samples, string maximum, RunOutcome outcome)
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, maximum, confidence: "0.95").Build()) { Records = samples };
        Assert.Equal(outcome, world.Finish().Outcome);
    }

    [Fact]
    public void TheMessageHasTheMeasureItsIntervalAndTheLimit()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20", confidence: "0.95").Build()) { Records = 400 };
        world.Finish();
        Assert.Equal(Reasons.GateFailed, world.Status.Reason);
        Assert.Matches(@"^Stage residue does not start: forgetting after half is 25\.00 \(95 % interval 2[0-4]\.\d\d to 2[6-9]\.\d\d\), more than the maximum of 20\.$", world.Status.Message);
    }

    [Fact]
    public void WhatMayBeNoiseIsSaid()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20", confidence: "0.95").Build()) { Records = 20 };
        world.Finish();
        Assert.Contains(world.Explained, said => said.Reason == "GateWithinNoise" && said.Message.StartsWith("Forgetting after half is 25.00 (95 % interval ", StringComparison.Ordinal));
    }

    [Fact]
    public void WithoutScoresOfSingleSamplesTheMeasureAloneDecides()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20", confidence: "0.95").Build());
        Assert.Equal(RunOutcome.Failed, world.Finish().Outcome);
        Assert.Contains("how much of it is noise is not known", world.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RecordsThatCannotBeReadForNowHoldTheStageBack()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20", confidence: "0.95").Build()) { Records = 400 };
        world.Broken["records"] = Lookup.Failed("StorageUnavailable", "the container does not answer", permanent: false);
        for (var stage = 0; stage < 2; stage++)
        {
            world.Settle();
            world.Train();
        }

        world.Settle();

        Assert.Equal((Reasons.WaitingForStorage, "the container does not answer"), (world.Status.Reason, world.Status.Message));
        Assert.Equal(2, world.Created.Count);
        world.Broken.Clear();
        Assert.Equal(RunOutcome.Failed, world.Finish().Outcome);
    }

    [Fact]
    public void AGateWithoutAConfidenceReadsNoRecords()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20").Build());
        world.Broken["records"] = Lookup.Failed("StorageUnavailable", "nobody should have asked", permanent: false);
        Assert.Equal(RunOutcome.Failed, world.Finish().Outcome);
    }

    [Fact]
    public void SamplesLostByTheLastStageAreAMeasureOfTheirOwn()
    {
        // parity: 100 right after it, 60 after half, all of the 40 lost by that stage; nothing is lost in residue.
        var world = new World(Chain().WithGate(GateMetric.LostSamples, GateAction.Stop, "30").Build()) { Records = 100, Accuracy = (after, task) => after == task ? 1 : 0.6 };
        world.Finish();
        Assert.Contains("the share of samples lost after half is 40.00, more than the maximum of 30", world.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ForwardTransferHasAGateWhereAllTasksAreScored()
    {
        // residue is learned last; it was 10 points worse after half than on the base model, and half equal.
        var world = new World(Chain().With(spec => spec with { Evaluation = new EvaluationSettings { Scope = EvaluationScope.AllTasks } }).WithGate(GateMetric.ForwardTransfer, GateAction.Stop, minimum: "-4").Build())
        {
            Accuracy = (after, task) => after == "half" && task == "residue" ? 0.2 : after == task ? 1 : 0.3,
        };
        world.Finish();
        Assert.Equal("All stages are finished, but forward transfer after residue is -5.00, less than the minimum of -4.", world.Status.Message);
    }

    [Fact]
    public void DriftIsShownOfEveryStageAndMayHoldTheNextOneBack()
    {
        var world = new World(Chain().With(spec => spec with { Evaluation = new EvaluationSettings { Drift = new DriftSettings { Prompts = 8 } } }).WithGate(GateMetric.Drift, GateAction.Suspend, "0.1").Build());
        world.Finish();
        Assert.Equal(Reasons.GateHeld, world.Status.Reason);
        Assert.StartsWith("Stage half is held back: the drift after parity is 0.1250 nats a token, more than the maximum of 0.1.", world.Status.Message, StringComparison.Ordinal);
        Assert.Equal("0.1250", world.Status.Stages[0].Drift);
        Assert.All(world.Created, made => Assert.Equal(8, made.Spec.Evaluation.DriftPrompts));
    }

    [Fact]
    public void DriftOfAStageThatAnotherRunHasTrainedIsMeasuredWithoutTrainingItAgain()
    {
        var world = new World(Chain().Build());
        world.Finish();
        foreach (var job in world.Jobs.Keys.ToArray())
        {
            world.Remove(job);
        }

        world.Created.Clear();
        world.Run = A.Run("other").WithStage("parity", Method.SFT).With(spec => spec with { Evaluation = new EvaluationSettings { Drift = new DriftSettings() } }).Build();
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);
        Assert.True(Assert.Single(world.Created).EvaluateOnly);
        Assert.Equal((StageState.Reused, "0.1250"), (world.Status.Stages[0].State, world.Status.Stages[0].Drift));
    }

    [Fact]
    public void AfterARetryTokenTheRunGoesOnWithAChangedStage()
    {
        var world = new World(Chain().WithGate(GateMetric.Forgetting, GateAction.Stop, "20", confidence: "0.95").Build()) { Records = 400 };
        world.Finish();
        Assert.Equal(Reasons.GateFailed, world.Status.Reason);
        world.Run = world.Run with
        {
            Spec = world.Run.Spec with
            {
                RetryToken = "with a lower rate",
                Stages = [.. world.Run.Spec.Stages.Select(stage => stage.Name == "residue" ? stage with { Parameters = new Dictionary<string, string>(stage.Parameters!, StringComparer.Ordinal) { ["learningRate"] = "1e-7" } } : stage)],
            },
        };
        world.Finish();
        Assert.Equal(1e-7, Assert.Single(world.Created, made => made.Spec.Stage == "residue").Spec.Training.Optimization.LearningRate);
        Assert.Equal("3/3", world.Status.StagesDone);
    }

    [Fact]
    public void TheIntervalOfAShareIsThatOfItsBinomialDistribution()
    {
        // p = 0.3, n = 400: the standard error is 0.0229, so 95 % lie within 0.3 ± 0.0449.
        var (low, high) = Bootstrap.Interval([[.. Enumerable.Range(0, 400).Select(i => i < 120 ? 1.0 : 0.0)]], 0.95);
        Assert.InRange(low, 0.250, 0.261);
        Assert.InRange(high, 0.339, 0.350);
    }

    [Fact]
    public void EqualSamplesHaveNoNoise() => Assert.Equal((0.5, 0.5), Bootstrap.Interval([[0.5, 0.5, 0.5], [0.5]], 0.95));

    [Fact]
    public void SamplesArePairedByTheirIds()
    {
        // Each row has half of its samples right, but not the same ones: 0 forgotten on average, all of it noise of pairs.
        EvaluationDocument Row(params (string Id, double Score)[] scores) => new()
        {
            StageHash = "h", ModelDigest = "m", CreatedAt = A.Morning,
            Scores = [new TaskScore { Task = "a", Kind = ScoreKind.Task, Accuracy = 0.5, Samples = scores.Length, Records = [.. scores.Select(one => new SampleRecord(one.Id, one.Score, ""))] }],
        };
        IReadOnlyList<EvaluationDocument?> rows = [null, Row(("x", 1), ("y", 0), ("only before", 1)), Row(("y", 1), ("x", 0))];
        var matrix = AccuracyMatrix.FromEvaluations(["a", "b"], [], null, [.. rows.Skip(1)]);
        Assert.Equal([1, -1], Assert.Single(MeasureSamples.Of(GateMetric.Forgetting, rows, matrix)!));
        Assert.Equal([1, 0], Assert.Single(MeasureSamples.Of(GateMetric.LostSamples, rows, matrix)!));
    }

    private static RunBuilder Chain() => A.Run("demo").WithStage("parity", Method.SFT).WithStage("half", Method.RFT).WithStage("residue", Method.RFT, learningRate: "1e-6");
}
