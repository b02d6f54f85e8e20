using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class MethodProbeTests
{
    private static readonly RolloutRecord s_right = new(1, 1, 1, 2, true);
    private static readonly RolloutRecord s_wrong = new(0, 0, 1, 2, true);

    /// <summary>How many of 4 rollouts solve each of 40 samples, in tens.</summary>
    public static TheoryData<string, int[], ProbeVerdict, string> Verdicts => new()
    {
        { "all mixed", [2, 2, 1, 3], ProbeVerdict.RFT, "RFT: 50 % of rollouts solve their sample, 100 % of groups are mixed" },
        { "a quarter never solved", [0, 2, 2, 4], ProbeVerdict.RFT, "RFT: 50 % of rollouts solve their sample, 50 % of groups are mixed" },
        { "half never solved", [0, 0, 1, 3], ProbeVerdict.RFTWithInstanceFilter, "RFT with instanceFilter: 25 % of rollouts solve their sample, 50 % of groups are mixed" },
        { "none ever solved", [0, 0, 0, 0], ProbeVerdict.SFT, "SFT: 0 % of rollouts solve their sample, 0 % of groups are mixed" },
        { "all or nothing", [0, 4, 0, 4], ProbeVerdict.SFT, "SFT: 50 % of rollouts solve their sample, 0 % of groups are mixed" },
        { "all always solved", [4, 4, 4, 4], ProbeVerdict.NothingToLearn, "nothing to learn: 100 % of rollouts solve their sample, 0 % of groups are mixed" },
    };

    [Theory]
    [MemberData(nameof(Verdicts))]
    public void WhatGroupsLookLikeDecides(string what, int[] solved, ProbeVerdict verdict, string summary)
    {
        Assert.NotEmpty(what);
        var report = ProbeJudge.Judge("tiny", Groups(solved), Tiny.Grpo());
        Assert.Equal((verdict, summary), (report.Verdict, report.Summary));
        Assert.NotEmpty(report.Reasons);
        Assert.Equal(1, report.AllWrong + report.Mixed + report.AllRight, 12);
        Assert.Equal((40, 4), (report.Samples, report.Rollouts));
    }

    [Fact]
    public void TheFiguresAreThoseOfTheRollouts()
    {
        RolloutRecord[][] groups = [[s_right, s_right with { Length = 6, Finished = false }], [s_wrong with { Format = 0, Reward = -1 }, s_wrong], [s_wrong, s_wrong], [s_right, s_wrong]];
        var report = ProbeJudge.Judge("tiny", groups, Tiny.Grpo());
        Assert.Equal(
            (3.0 / 8, 0.5, 0.25, 0.25, 0.5, 7.0 / 8, 1.0 / 8, 2.5),
            (report.SolvedRate, report.AllWrong, report.Mixed, report.AllRight, report.WithGradient, report.FormatRate, report.CutRate, report.ResponseTokens));
        Assert.Contains("These are shares of only 4 samples; ask more with --samples.", report.Reasons);
    }

    /// <summary>Under a prompt that asks for thinking the form alone earns something, which is a gradient but solves nothing.</summary>
    [Fact]
    public void RewardsForTheFormAloneSpeakForSft()
    {
        var formed = new RolloutRecord(0.1, 0, 1, 2, true);
        var report = ProbeJudge.Judge("tiny", [.. Enumerable.Repeat<RolloutRecord[]>([formed, s_wrong with { Format = 0 }, s_wrong with { Format = 0 }], 40)], Tiny.Grpo() with { Prompt = PromptStyle.ChainOfThought });
        Assert.Equal((ProbeVerdict.SFT, 1.0, 0.0), (report.Verdict, report.WithGradient, report.Mixed));
        Assert.Contains("what differs is form or part of a reward, and nothing is solved", report.Reasons[0], StringComparison.Ordinal);
        Assert.StartsWith("Only 33 % of rollouts have the form", report.Reasons[1], StringComparison.Ordinal);
    }

    [Fact]
    public void AStagesOwnFilterSaysWhatIsSolved()
    {
        var partly = new RolloutRecord(0.6, 0.6, 1, 2, true);
        Assert.True(ProbeJudge.Solves(partly, Tiny.Grpo()));
        Assert.False(ProbeJudge.Solves(partly, Tiny.Grpo() with { InstanceFilter = new InstanceFilterSpec { MinimumReward = 0.9 } }));
    }

    [Fact]
    public void AProbeOfAModelThatIsRightHalfOfTheTimeSpeaksForRftAndIsTheSameEveryTime()
    {
        using var model = Tiny.HalfTaught();
        var probe = new ProbeSpec { Samples = 12, Rollouts = 8, Sampling = Tiny.Grpo() };
        ProbeReport Run(long seed) => new MethodProbe(Tiny.EvenDigits(), probe, Tiny.Optimization(1), seed).Run(model, Tiny.Tokenizer, null, default);
        var report = Run(5);
        Assert.Equal((ProbeVerdict.RFT, 12, 8), (report.Verdict, report.Samples, report.Rollouts));
        Assert.InRange(report.SolvedRate, 0.2, 0.8);
        Assert.Equivalent(report, Run(5), strict: true);
        Assert.NotEqual(report.SolvedRate, Run(6).SolvedRate);
        Assert.Equal("[02468]", report.Example.Expected);
        Assert.Equal(0, report.Example.Reward);
        Assert.InRange(report.Example.Solved, 1, 7);
        Assert.EndsWith("=", report.Example.Prompt, StringComparison.Ordinal);
        Assert.DoesNotContain("[02468]", report.Example.Prompt, StringComparison.Ordinal);
    }

    [Fact]
    public void MoreSamplesThanThereAreAreAllOfThem()
    {
        using var model = Tiny.HalfTaught();
        var probe = new ProbeSpec { Samples = 1000, Rollouts = 2, Sampling = Tiny.Grpo() };
        Assert.Equal(20, new MethodProbe(Tiny.EvenDigits(), probe, Tiny.Optimization(1), 1).Run(model, Tiny.Tokenizer, null, default).Samples);
    }

    private static RolloutRecord[][] Groups(int[] solved) =>
        [.. Enumerable.Range(0, 40).Select(i => Enumerable.Range(0, 4).Select(rollout => rollout < solved[i % solved.Length] ? s_right : s_wrong).ToArray())];
}
