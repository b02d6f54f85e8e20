using Cpt.Api;

namespace Cpt.Planning.Tests;

public sealed class StudyPlannerTests
{
    private static Condition Succeeded(StudyWorld world) => world.Status.Conditions.Single(condition => condition.Type == ConditionTypes.Succeeded);

    [Fact]
    public void AsManyRunsAreStartedAsMayBeAtWork()
    {
        // Of the first two variants the second shares a stage with the first and waits; the third has nothing in common with it and takes the place.
        var world = new StudyWorld().Settle();
        Assert.Equal(["demo-sft-1", "demo-grpo-1"], world.Created);
        Assert.Equal((2, 4, "0/6", StudyReasons.Running), (world.Status.Active, world.Status.Waiting, world.Status.RunsDone, world.Status.Reason));
    }

    [Fact]
    public void ARunWaitsUntilAnotherHasTrainedWhatTheyHaveInCommon()
    {
        var world = new StudyWorld().Change(spec => spec with { Concurrency = 6 }).Settle();
        Assert.Equal(["demo-sft-1", "demo-grpo-1", "demo-sft-2", "demo-grpo-2"], world.Created);
        world.StagesDone("demo-sft-1", 1).Settle();
        Assert.Equal("demo-slow-1", world.Created[^1]);
        Assert.DoesNotContain("demo-slow-2", world.Created);
    }

    [Fact]
    public void ARunWhoseElderFailedTrainsForItself()
    {
        var world = new StudyWorld().Settle().Fail("demo-sft-1").Settle();
        Assert.Equal("demo-slow-1", world.Created[^1]);
    }

    [Fact]
    public void AnEndedRunMakesPlaceForTheNextUntilAllHaveEnded()
    {
        var world = new StudyWorld().Settle();
        for (var i = 0; i < 6; i++)
            world.Succeed(world.Created[i]).Settle();
        Assert.Equal(6, world.Created.Count);
        Assert.Equal((ConditionStatus.True, StudyReasons.AllRunsSucceeded, "6/6"), (Succeeded(world).Status, world.Status.Reason, world.Status.RunsDone));
        Assert.NotNull(world.Status.CompletionTime);
        Assert.Empty(world.Step().Last.Actions);
    }

    [Fact]
    public void AFailedRunStopsNoOtherAndIsNamedInTheEnd()
    {
        var world = new StudyWorld().Settle();
        world.Fail("demo-grpo-1").Settle();
        Assert.Equal((ConditionStatus.Unknown, StudyReasons.Running), (Succeeded(world).Status, world.Status.Reason));
        for (var i = 0; i < 6; i++)
            if (world.Created[i] != "demo-grpo-1")
                world.Succeed(world.Created[i]).Settle();
        Assert.Equal((ConditionStatus.False, StudyReasons.RunsFailed), (Succeeded(world).Status, world.Status.Reason));
        Assert.Equal("5 of 6 runs succeeded, 1 failed: demo-grpo-1 (StageFailed); change spec.retryToken to try again.", world.Status.Message);
    }

    [Fact]
    public void AnotherRetryTokenRetriesTheFailedRunsAndNoOther()
    {
        var world = new StudyWorld().Settle().Fail("demo-grpo-1").Settle();
        var sft = world.Runs["demo-sft-1"];
        world.Change(spec => spec with { RetryToken = "again", Concurrency = 3 }).Settle();
        Assert.Equal("again", world.Runs["demo-grpo-1"].Spec.RetryToken);
        Assert.Equal(StudyRunState.Active, world.Status.Runs.Single(run => run.Name == "demo-grpo-1").State);
        Assert.Same(sft, world.Runs["demo-sft-1"]);

        // It fails again under the same token: that is its end.
        world.Fail("demo-grpo-1").Settle();
        Assert.Equal(StudyRunState.Failed, world.Status.Runs.Single(run => run.Name == "demo-grpo-1").State);
    }

    [Fact]
    public void ARetryWaitsForAPlaceAndTheStudyIsNotOverMeanwhile()
    {
        var world = new StudyWorld().Change(spec => spec with { Concurrency = 1, Seeds = [1], Variants = [.. spec.Variants.Where(variant => variant.Name != "slow")] }).Settle().Fail("demo-sft-1").Settle();
        Assert.Equal(["demo-sft-1", "demo-grpo-1"], world.Created);
        world.Change(spec => spec with { RetryToken = "again" }).Settle();
        Assert.Equal((StudyReasons.Running, 1, 1), (world.Status.Reason, world.Status.Active, world.Status.Failed));
        world.Succeed("demo-grpo-1").Settle();
        Assert.Equal("again", world.Runs["demo-sft-1"].Spec.RetryToken);
    }

    [Fact]
    public void ASuspendedStudySuspendsItsRunsStartsNoneAndGoesOnAfterwards()
    {
        var world = new StudyWorld().Settle().Change(spec => spec with { Suspend = true }).Settle();
        Assert.All(world.Runs.Values, run => Assert.True(run.Spec.Suspend));
        Assert.Equal(StudyReasons.Suspending, world.Status.Reason);
        world.Suspended("demo-sft-1").Suspended("demo-grpo-1").Settle();
        Assert.Equal((2, StudyReasons.Suspended, ConditionStatus.True), (world.Created.Count, world.Status.Reason, world.Status.Conditions.Single(condition => condition.Type == ConditionTypes.Suspended).Status));

        world.Change(spec => spec with { Suspend = false }).Settle();
        Assert.All(world.Runs.Values, run => Assert.False(run.Spec.Suspend));
        Assert.Equal(StudyReasons.Running, world.Status.Reason);
    }

    [Fact]
    public void FinishedRunsAreNotTouchedByASuspension()
    {
        var world = new StudyWorld().Settle().Succeed("demo-sft-1").Settle();
        var before = world.Runs["demo-sft-1"];
        Assert.Same(before, world.Change(spec => spec with { Suspend = true }).Settle().Runs["demo-sft-1"]);
    }

    [Fact]
    public void WhatSomebodyChangesInARunIsLeftAlone()
    {
        var world = new StudyWorld().Settle();
        var name = "demo-sft-1";
        var run = world.Runs[name];
        ((Dictionary<string, ContinualRun>)world.Runs)[name] = run with { Spec = run.Spec with { Suspend = true, Checkpoint = new CheckpointSettings { IntervalSteps = 7 } } };
        Assert.Equal(7, world.Settle().Runs[name].Spec.Checkpoint!.IntervalSteps);
    }

    [Fact]
    public void AnEditedBaseReachesRunsThatAreThereAlsoFinishedOnes()
    {
        var world = new StudyWorld().Settle().Succeed("demo-sft-1").Settle();
        var more = new RunStage { Name = "copy", Method = Method.SFT, Task = new StageTask { Uri = "generated://digits/copy?seed=1" } };
        world.Change(spec => spec with { Base = spec.Base with { Stages = [.. spec.Base.Stages, more] } }).Settle();
        Assert.All(world.Runs.Values, run => Assert.Equal("copy", run.Spec.Stages[^1].Name));
        Assert.Equal(StudyRunState.Active, world.Status.Runs.Single(run => run.Name == "demo-sft-1").State);
    }

    [Fact]
    public void ARunThatTheStudyDoesNotMeanAnyMoreIsDeleted()
    {
        var world = new StudyWorld().Settle().Change(spec => spec with { Variants = [.. spec.Variants.Where(variant => variant.Name != "grpo")] }).Settle();
        Assert.DoesNotContain("demo-grpo-1", world.Runs.Keys);
        Assert.Equal("0/4", world.Status.RunsDone);
    }

    [Fact]
    public void AWrongStudyStartsNothingAndSaysWhy()
    {
        var world = new StudyWorld().Change(spec => spec with { Baseline = "ewc" }).Settle();
        Assert.Empty(world.Created);
        Assert.Equal((ConditionStatus.False, StudyReasons.InvalidSpec), (Succeeded(world).Status, world.Status.Reason));
        Assert.Contains("\"ewc\" is not the name of a variant", world.Status.Message, StringComparison.Ordinal);

        world.Change(spec => spec with { Baseline = "sft" }).Settle();
        Assert.Equal((ConditionStatus.Unknown, ConditionStatus.True), (Succeeded(world).Status, world.Status.Conditions.Single(condition => condition.Type == ConditionTypes.Accepted).Status));
    }

    [Fact]
    public void ARunOfSomebodyElseIsNotTouched()
    {
        var world = new StudyWorld().Stranger("demo-slow-2").Settle();
        Assert.Empty(world.Created);
        Assert.Equal(StudyReasons.NameTaken, world.Status.Reason);
        Assert.Contains("demo-slow-2", world.Status.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheTableHasMeanAndDeviationAndDifferencesOverSharedSeeds()
    {
        var world = new StudyWorld().Change(spec => spec with { Concurrency = 6 }).Settle();
        world.Succeed("demo-sft-1", 80, -10).Succeed("demo-sft-2", 84, -12).Succeed("demo-grpo-1", 90, -1).Settle();
        var (sft, grpo) = (world.Status.Variants[0], world.Status.Variants[2]);
        Assert.Equal(("2/2", "82.00 ± 2.83", "-11.00 ± 1.41", null), (sft.RunsDone, sft.AverageAccuracy, sft.Forgetting, sft.AverageAccuracyFromBaseline));
        Assert.Equal(("1/2", "90.00", "10.00", "9.00"), (grpo.RunsDone, grpo.AverageAccuracy, grpo.AverageAccuracyFromBaseline, grpo.ForgettingFromBaseline));
        Assert.Equal(("0/2", null), (world.Status.Variants[1].RunsDone, world.Status.Variants[1].AverageAccuracy));
    }

    [Fact]
    public void ALostStatusComesBackFromTheRuns()
    {
        var world = new StudyWorld().Settle().Succeed("demo-sft-1").Settle();
        var before = world.Status;
        world.Study = world.Study with { Status = null };
        Assert.Equal(before.Message, world.Settle().Status.Message);
        Assert.Equal(before.Variants, world.Status.Variants);
        Assert.Equal(before.Runs, world.Status.Runs);
    }
}
