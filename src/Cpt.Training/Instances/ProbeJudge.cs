using System.Globalization;
using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// From rollouts to a verdict. A group whose rewards are all equal gives RFT no gradient: what matters is how many groups are mixed, and what the others are.
/// <code>
/// every rollout solves in 90 % of groups or more                        nothing to learn
/// rewards differ in fewer than 5 % of groups, or none is mixed          SFT
/// no rollout solves in a third of groups or more                        RFT with instanceFilter
/// else                                                                  RFT
/// </code>
/// The bounds are ours: rules of thumb, written out in every reason. They are not from a paper.
/// </summary>
internal static class ProbeJudge
{
    public const double SolvedAlready = 0.9;
    public const double FewWithGradient = 0.05;
    public const double ManyNeverSolved = 1.0 / 3;
    private const double FewOfTheForm = 0.5;
    private const double ManyCut = 0.25;
    private const double ManyAlwaysSolved = 1.0 / 3;
    private const int FewSamples = 30;

    /// <summary>By the stage's own filter; without one, half of what can be earned for being right is right.</summary>
    public static bool Solves(RolloutRecord rollout, RftSpec rft) => rft.InstanceFilter is { } filter
        ? rollout.Solves(filter.MinimumReward, rft.FormatWeight)
        : rollout.Format >= 1 && rollout.BesideForm(rft.FormatWeight) is > 0 and var earned && earned >= (Best(rft) / 2) - 1e-9;

    private static double Best(RftSpec rft) => rft.AccuracyWeight + (rft.RewardComponents ?? []).Sum(component => component.Weight) + (rft.RewardService?.Weight ?? 0);

    public static ProbeReport Judge(string task, IReadOnlyList<RolloutRecord[]> groups, RftSpec rft)
    {
        var solved = groups.Select(group => group.Count(rollout => Solves(rollout, rft))).ToArray();
        var rollouts = groups.SelectMany(group => group).ToArray();
        var each = groups[0].Length;
        double Share(int count) => (double)count / groups.Count;
        var report = new ProbeReport
        {
            Verdict = default,
            Summary = "",
            Reasons = [],
            Task = task,
            Samples = groups.Count,
            Rollouts = each,
            SolvedRate = (double)solved.Sum() / rollouts.Length,
            AllWrong = Share(solved.Count(count => count == 0)),
            AllRight = Share(solved.Count(count => count == each)),
            Mixed = Share(solved.Count(count => count > 0 && count < each)),
            WithGradient = Share(groups.Count(group => !DrGrpo.AllEqual(Array.ConvertAll(group, rollout => rollout.Reward)))),
            FormatRate = (double)rollouts.Count(rollout => rollout.Format >= 1) / rollouts.Length,
            CutRate = (double)rollouts.Count(rollout => !rollout.Finished) / rollouts.Length,
            ResponseTokens = rollouts.Average(rollout => rollout.Length),
            Example = new ProbeExample("", "", "", "", 0, 0),
        };
        var verdict = Verdict(report);
        return report with { Verdict = verdict, Summary = Summary(verdict, report), Reasons = [.. Reasons(verdict, report, rft)] };
    }

    private static ProbeVerdict Verdict(ProbeReport report) => report switch
    {
        { AllRight: >= SolvedAlready } => ProbeVerdict.NothingToLearn,
        { WithGradient: < FewWithGradient } or { Mixed: 0 } => ProbeVerdict.SFT,
        { AllWrong: >= ManyNeverSolved } => ProbeVerdict.RFTWithInstanceFilter,
        _ => ProbeVerdict.RFT,
    };

    private static string Summary(ProbeVerdict verdict, ProbeReport report)
    {
        var word = verdict switch { ProbeVerdict.NothingToLearn => "nothing to learn", ProbeVerdict.RFTWithInstanceFilter => "RFT with instanceFilter", _ => verdict.ToString() };
        return Text($"{word}: {Percent(report.SolvedRate)} of rollouts solve their sample, {Percent(report.Mixed)} of groups are mixed");
    }

    private static IEnumerable<string> Reasons(ProbeVerdict verdict, ProbeReport report, RftSpec rft)
    {
        yield return verdict switch
        {
            ProbeVerdict.NothingToLearn => Text($"Every rollout solves {Percent(report.AllRight)} of the samples (from {Percent(SolvedAlready)} on there is little left to learn by either method)."),
            ProbeVerdict.SFT when report.AllWrong >= 0.5 && report.WithGradient >= FewWithGradient =>
                Text($"Rewards differ in {Percent(report.WithGradient)} of groups, but no group is mixed: what differs is form or part of a reward, and nothing is solved. Teach the task by SFT first."),
            ProbeVerdict.SFT => Text($"Rewards differ in only {Percent(report.WithGradient)} of groups, and only those give RFT a gradient; {Percent(report.AllWrong)} of the samples are solved by no rollout and {Percent(report.AllRight)} by all. Teach the task by SFT first."),
            ProbeVerdict.RFTWithInstanceFilter => Text($"{Percent(report.Mixed)} of groups are mixed and give a gradient, but {Percent(report.AllWrong)} of the samples are solved by no rollout (from {Percent(ManyNeverSolved)} on rft.instanceFilter is worth its rollouts)."),
            _ => Text($"{Percent(report.Mixed)} of groups are mixed and give a gradient; {Percent(report.AllWrong)} of the samples are solved by no rollout."),
        };
        if (verdict != ProbeVerdict.NothingToLearn && report.AllRight >= ManyAlwaysSolved)
            yield return Text($"Every rollout solves {Percent(report.AllRight)} of the samples, which then teach nothing: rft.instanceFilter.maximumSolved below its rollouts, or rft.dynamicSampling, leaves them out.");
        if (rft.Prompt == PromptStyle.ChainOfThought && report.FormatRate < FewOfTheForm)
            yield return Text($"Only {Percent(report.FormatRate)} of rollouts have the form <think>…</think>…\\boxed{{…}} that the prompt asks for, and none other solves: a short SFT stage on answers of that form, or prompt Direct.");
        if (report.CutRate >= ManyCut)
            yield return Text($"{Percent(report.CutRate)} of rollouts were cut at {rft.MaxResponseTokens} tokens: raise maxResponseTokens if the answers need them.");
        if (report.Samples < FewSamples)
            yield return Text($"These are shares of only {report.Samples} samples; ask more with --samples.");
    }

    private static string Percent(double share) => share is > 0 and < 0.005 ? "under 1 %" : share is < 1 and >= 0.995 ? "over 99 %" : Text($"{100 * share:0} %");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
