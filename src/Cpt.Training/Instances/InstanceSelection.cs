using System.Globalization;
using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>What a stage learns from, once its input policy has answered the train split.</summary>
public sealed record InstanceSelection
{
    /// <summary>With the train samples that are learned from; a sample stands as often as it is learned.</summary>
    public required TaskData Task { get; init; }

    /// <summary>For each train sample of <see cref="Task"/> what is learned instead of its answer; null: the answers.</summary>
    public IReadOnlyList<int[]>? Responses { get; init; }

    /// <summary>Train samples before the choice.</summary>
    public required int Instances { get; init; }

    /// <summary>Of <see cref="Instances"/>, those that are learned from.</summary>
    public required int Kept { get; init; }

    /// <summary>Rollouts that solved their sample, for each of <see cref="Instances"/>.</summary>
    public required IReadOnlyList<int> Solved { get; init; }

    /// <summary>Whether each of <see cref="Instances"/> is learned from.</summary>
    public required IReadOnlyList<bool> IsKept { get; init; }

    /// <summary>Of each sample.</summary>
    public required int Rollouts { get; init; }

    /// <summary>Sampled for the choice.</summary>
    public required long Tokens { get; init; }

    public int NeverSolved => Solved.Count(count => count == 0);

    public int AlwaysSolved => Solved.Count(count => count == Rollouts);

    public double KeptFraction => (double)Kept / Instances;

    public double SolvedRate => Solved.Sum(count => (double)count) / ((double)Rollouts * Instances);

    /// <summary>One sentence with the figures.</summary>
    public string Text => string.Create(
        CultureInfo.InvariantCulture,
        $"{Kept} of {Instances} train samples are learned from ({100 * KeptFraction:0.#} %); of {Rollouts} rollouts each, {NeverSolved} samples were solved by none and {AlwaysSolved} by all, and {100 * SolvedRate:0.#} % of all rollouts solved theirs");

    /// <exception cref="StageFailureException"><c>NoInstancesKept</c>: there is nothing left to learn from.</exception>
    public static InstanceSelection Of(TaskData task, TrainingSpec training, IReadOnlyList<SampleRollouts> surveyed)
    {
        var question = InstanceQuestion.Of(training) ?? throw new ArgumentException("the stage chooses no samples", nameof(training));
        int[] solved = [.. surveyed.Select(sample => sample.Rollouts.Count(rollout => rollout.Solves(question.MinimumReward, question.Sampling.FormatWeight)))];
        var learned = training.Rft?.InstanceFilter is { } filter
            ? InstanceFilter.Kept(solved, filter, training.Seed).Select(i => (Sample: i, Response: (int[]?)null)).ToArray()
            : [.. surveyed.Index().SelectMany(entry => entry.Item.Rollouts.Where(rollout => rollout.Tokens is not null).Select(rollout => (entry.Index, (int[]?)[.. rollout.Tokens!])))];
        var kept = learned.Select(entry => entry.Sample).ToHashSet();
        var selection = new InstanceSelection
        {
            // A copy each: what is learned for a sample is found by the sample itself, and All may learn one several times.
            Task = task with { Train = [.. learned.Select(entry => task.Train[entry.Sample] with { })] },
            Responses = question.KeptTokens is null ? null : [.. learned.Select(entry => entry.Response!)],
            Instances = surveyed.Count,
            Kept = kept.Count,
            Solved = solved,
            IsKept = [.. Enumerable.Range(0, surveyed.Count).Select(kept.Contains)],
            Rollouts = question.Rollouts,
            Tokens = surveyed.Sum(sample => sample.Rollouts.Sum(rollout => (long)rollout.Length)),
        };
        return kept.Count > 0 ? selection : throw Nothing(selection, training, surveyed);
    }

    private static StageFailureException Nothing(InstanceSelection selection, TrainingSpec training, IReadOnlyList<SampleRollouts> surveyed)
    {
        var unfinished = surveyed.Sum(sample => sample.Rollouts.Count(rollout => !rollout.Finished));
        var formed = surveyed.Sum(sample => sample.Rollouts.Count(rollout => rollout.Format >= 1));
        var all = selection.Instances * selection.Rollouts;
        var wanted = training.Rft?.InstanceFilter is { } filter
            ? string.Create(CultureInfo.InvariantCulture, $"rft.instanceFilter keeps samples that {filter.MinimumSolved} to {filter.MaximumSolved} of {filter.Rollouts} rollouts solve")
            : string.Create(CultureInfo.InvariantCulture, $"selfDistillation learns rollouts that are finished, right and earn {training.SelfDistillation!.MinimumReward} or more");
        return new StageFailureException(ExitCodes.BadData, "NoInstancesKept", string.Create(
            CultureInfo.InvariantCulture,
            $"{wanted}, and of {selection.Instances} train samples there is none: {selection.NeverSolved} were solved by no rollout and {selection.AlwaysSolved} by all; {formed} of {all} rollouts had the form asked for, {unfinished} were cut at the response limit. ") +
            $"For example sample {surveyed[0].Id} was answered \"{surveyed[0].Example.Replace("\n", "\\n", StringComparison.Ordinal)}\". " +
            "Widen the bounds, check that the prompt asks for what the scorer expects (cpt probe shows both), or teach the task with an SFT stage first.");
    }
}
