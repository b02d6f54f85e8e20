using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class InstanceFilterTests
{
    private static readonly RolloutRecord s_right = new(1, 1, 1, 2, true);
    private static readonly RolloutRecord s_wrong = new(0, 0, 1, 2, true);

    /// <summary>Samples solved by 0, 1, 2, 3 and 4 of 4 rollouts.</summary>
    private static readonly SampleRollouts[] s_table = [.. Enumerable.Range(0, 5).Select(solved => Sample($"s{solved}", solved, of: 4))];

    [Fact]
    public void ExactlyTheNeverSolvedAreDropped() => Assert.Equal(["s1", "s2", "s3", "s4"], Kept(new InstanceFilterSpec { Rollouts = 4, MaximumSolved = 4 }));

    [Theory]
    [InlineData(1, 3, "s1 s2 s3")]
    [InlineData(0, 1, "s0 s1")]
    [InlineData(2, 2, "s2")]
    [InlineData(4, 4, "s4")]
    public void ABandKeepsWhatIsSolvedAsOftenAsItSays(int least, int most, string kept) =>
        Assert.Equal(kept.Split(' '), Kept(new InstanceFilterSpec { Rollouts = 4, MinimumSolved = least, MaximumSolved = most }));

    [Fact]
    public void TheControlKeepsAsManySamplesWhicheverTheyAre()
    {
        int[] solved = [.. Enumerable.Range(0, 100).Select(i => i % 5)];
        var filter = new InstanceFilterSpec { Rollouts = 4, MaximumSolved = 4, MinimumSolved = 2 };
        var chosen = InstanceFilter.Kept(solved, filter, seed: 1);
        var control = InstanceFilter.Kept(solved, filter with { Control = InstanceControl.Random }, seed: 1);
        Assert.Equal(60, chosen.Count);
        Assert.Equal(60, control.Distinct().Count());
        Assert.Equal(control.Order(), control);
        Assert.Contains(control, place => solved[place] == 0);
        Assert.Equal(control, InstanceFilter.Kept(solved, filter with { Control = InstanceControl.Random }, seed: 1));
        Assert.NotEqual(control, InstanceFilter.Kept(solved, filter with { Control = InstanceControl.Random }, seed: 2));
    }

    /// <summary>Rewards of a prompt that asks for thinking: 0.9 · accuracy + 0.1 · format, then half and half, then a component's alone beside a scorer that does not count.</summary>
    [Theory]
    [InlineData(1.0, 1.0, 1.0, 0.1, true)]
    [InlineData(0.9, 1.0, 0.0, 0.1, false)]
    [InlineData(0.1, 0.0, 1.0, 0.1, false)]
    [InlineData(0.55, 0.5, 1.0, 0.1, true)]
    [InlineData(0.46, 0.4, 1.0, 0.1, false)]
    [InlineData(0.5, 0.0, 1.0, 0.5, false)]
    [InlineData(1.0, 1.0, 1.0, 0.5, true)]
    [InlineData(0.8, 0.0, 1.0, 0.0, true)]
    public void ARolloutSolvesWhenItsFormMatchesItIsGradedRightAndItEarnsEnough(double reward, double accuracy, double format, double formatWeight, bool solves) =>
        Assert.Equal(solves, new RolloutRecord(reward, accuracy, format, 2, true).Solves(0.5, formatWeight));

    [Fact]
    public void TheFiguresOfAChoiceAreThoseOfItsTable()
    {
        var selection = Select(new InstanceFilterSpec { Rollouts = 4, MaximumSolved = 3 });
        Assert.Equal((5, 3, 0.6, 1, 1, 0.5, 40), (selection.Instances, selection.Kept, selection.KeptFraction, selection.NeverSolved, selection.AlwaysSolved, selection.SolvedRate, selection.Tokens));
        Assert.Equal([0, 1, 2, 3, 4], selection.Solved);
        Assert.Equal([false, true, true, true, false], selection.IsKept);
        Assert.Null(selection.Responses);
        Assert.Equal("3 of 5 train samples are learned from (60 %); of 4 rollouts each, 1 samples were solved by none and 1 by all, and 50 % of all rollouts solved theirs", selection.Text);
    }

    [Fact]
    public void WhereNothingIsKeptTheStageEndsAndSaysWhatWasAnswered()
    {
        var hopeless = Enumerable.Range(0, 3).Select(i => Sample($"s{i}", 0, of: 4)).ToArray();
        var error = Assert.Throws<StageFailureException>(() => InstanceSelection.Of(Task(hopeless), Training(new InstanceFilterSpec { Rollouts = 4, MaximumSolved = 4 }), hopeless));
        Assert.Equal((ExitCodes.BadData, "NoInstancesKept"), (error.ExitCode, error.Reason));
        Assert.StartsWith(
            "rft.instanceFilter keeps samples that 1 to 4 of 4 rollouts solve, and of 3 train samples there is none: 3 were solved by no rollout and 0 by all; 12 of 12 rollouts had the form asked for, 0 were cut at the response limit. For example sample s0 was answered \"say\\nso\".",
            error.Message, StringComparison.Ordinal);
    }

    private static IEnumerable<string> Kept(InstanceFilterSpec filter) => Select(filter).Task.Train.Select(sample => sample.Id);

    private static InstanceSelection Select(InstanceFilterSpec filter) => InstanceSelection.Of(Task(s_table), Training(filter), s_table);

    private static Cpt.Tasks.TaskData Task(SampleRollouts[] table) => Tiny.Task([.. table.Select(sample => Tiny.Sample(sample.Id, "a=", "1"))]);

    private static TrainingSpec Training(InstanceFilterSpec filter) => Tiny.Rft(Tiny.Optimization(1), Tiny.Grpo() with { InstanceFilter = filter });

    private static SampleRollouts Sample(string id, int solved, int of) => new(id, [.. Enumerable.Repeat(s_right, solved), .. Enumerable.Repeat(s_wrong, of - solved)], "say\nso");
}
