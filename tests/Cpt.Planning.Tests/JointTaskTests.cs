using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

/// <summary>A stage that learns several tasks: each is looked up, trained, scored and measured as a column of its own.</summary>
public sealed class JointTaskTests
{
    [Fact]
    public void EachTaskIsAColumnAndTheRowIsTheStages()
    {
        var world = new World(Chain().Build()) { Accuracy = (after, task) => (after, task) switch { ("", _) => .1, ("both", "parity") => .9, ("both", "half") => .8, (_, "residue") => .7, (_, "parity") => .6, _ => .5 } };
        Assert.Equal(RunOutcome.Succeeded, world.Finish().Outcome);

        var matrix = world.Status.Matrix!;
        Assert.Equal(["parity", "half", "residue"], matrix.Tasks);
        Assert.Equal(["both", "both", "residue"], matrix.LearnedIn!);
        Assert.Equal(["", "both", "residue"], matrix.Rows.Select(row => row.After));
        Assert.Equal(["90.00", "80.00", ""], matrix.Rows[1].Tasks);
        Assert.Equal(["60.00", "50.00", "70.00"], matrix.Rows[2].Tasks);
        // (60 + 50 + 70)/3, ((60 − 90) + (50 − 80))/2.
        Assert.Equal(("60.00", "-30.00", "-30.00"), (world.Status.AverageAccuracy, world.Status.Forgetting, world.Status.ForgettingFromPeak));
    }

    [Fact]
    public void OneStageOfSeveralTasksHasAnAverageAndForgetsNothingYet()
    {
        var matrix = AccuracyMatrix.FromEvaluations(["a", "b"], [], null, [Row([.8, .6])], ["all", "all"]);
        Assert.Equal(.7, matrix.AverageAccuracy!.Value, 1e-9);
        Assert.Null(matrix.Forgetting);
        Assert.Equal("all", matrix.Rows[1].After);

        var back = AccuracyMatrix.FromStatus(matrix.ToStatus());
        Assert.Equal(.7, back.AverageAccuracy!.Value, 1e-9);
        Assert.Equal(["all", "all"], back.LearnedIn);
    }

    [Fact]
    public void ARunOfPlainStagesSaysNothingOfWhereTasksAreLearned() =>
        Assert.Null(AccuracyMatrix.FromEvaluations(["a", "b"], [], null, []).ToStatus().LearnedIn);

    [Fact]
    public void AllTasksOfTheStageReachTheTrainerWithTheirDigests()
    {
        var world = new World(Chain().Build());
        world.Finish();
        var spec = world.Created[0].Spec;
        Assert.Equal(("parity", A.Digest("generated://digits/parity")), (spec.Training.Task.Name, spec.Training.Task.Digest));
        var second = spec.Training.JointTasks!.Single();
        Assert.Equal(("half", A.Digest("generated://digits/half"), "Numeric"), (second.Name, second.Digest, second.Scorer));
        Assert.Equal(["parity", "half"], spec.Evaluation.Tasks.Select(task => task.Name));
        Assert.Equal(["parity", "half", "residue"], spec.Evaluation.BaselineTasks.Select(task => task.Name));
        Assert.Null(world.Created[1].Spec.Training.JointTasks);
        Assert.Equal(Digests.StageHash(spec.Input.Digest, spec.Training), spec.StageHash);
    }

    [Fact]
    public void AReplayOfTheStageReplaysEachOfItsTasks()
    {
        var run = Chain().With(spec => spec with { Stages = [spec.Stages[0], spec.Stages[1] with { Replay = new ReplaySettings { Percentage = 10, FromStages = ["both"] } }] }).Build();
        Assert.Equal(["parity", "half"], StageSpecs.Training(run, 1, null).Replay!.Tasks.Select(task => task.Name));
    }

    [Fact]
    public void OneTaskInAListIsTrainedAsTheTaskAlone()
    {
        var plain = A.Run("demo").WithStage("parity", Method.SFT).Build();
        var listed = plain with { Spec = plain.Spec with { Stages = [plain.Spec.Stages[0] with { Task = null, Tasks = [new JointTask { Name = "parity-only", Uri = "generated://digits/parity" }] }] } };
        var digest = A.Digest("task");
        Assert.Equal(Digests.StageHash(A.Digest("base"), StageSpecs.Training(plain, 0, digest)), Digests.StageHash(A.Digest("base"), StageSpecs.Training(listed, 0, digest)));
    }

    [Fact]
    public void ThePlanNamesTheTasks() =>
        Assert.StartsWith("Attempt 1 of stage both begins: SFT on parity and half together, from the base model.", new World(Chain().Build()).Decide().Status.Message, StringComparison.Ordinal);

    private static RunBuilder Chain() => A.Run("demo").WithStage("both", Method.SFT).WithStage("residue", Method.SFT).With(spec => spec with
    {
        Stages =
        [
            spec.Stages[0] with
            {
                Task = null,
                Tasks = [new JointTask { Name = "parity", Uri = "generated://digits/parity" }, new JointTask { Name = "half", Uri = "generated://digits/half", Scorer = Scorer.Numeric }],
            },
            .. spec.Stages.Skip(1),
        ],
    });

    private static EvaluationDocument Row(double[] scores) => new()
    {
        StageHash = "h",
        ModelDigest = "m",
        CreatedAt = A.Morning,
        Scores = [.. scores.Select((score, index) => new TaskScore { Task = index == 0 ? "a" : "b", Kind = ScoreKind.Task, Accuracy = score, Samples = 10 })],
    };
}
