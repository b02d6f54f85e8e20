using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Rolls out on some train samples with the model a stage would start from, and lets <see cref="ProbeJudge"/> say which method has something to learn from.
/// What is drawn depends on the seed alone.
/// </summary>
/// <param name="task">Whose train split is asked.</param>
/// <param name="probe">How many samples, how often, and how.</param>
/// <param name="optimization">Bounds the length of a sequence.</param>
/// <param name="seed">Of the stage.</param>
/// <param name="calls">How a reward service is called; null: by the defaults.</param>
/// <param name="log">Warnings for people.</param>
public sealed class MethodProbe(TaskData task, ProbeSpec probe, OptimizationSpec optimization, long seed, RewardCallSpec? calls = null, Action<string>? log = null)
{
    private const int ShownCharacters = 300;

    // Enough rows to fill a device.
    private const int MostRollouts = 512;

    /// <param name="policy">The stage's input.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="workers">Those that sample together; null for one alone.</param>
    /// <param name="cancellationToken">Ends the probe between tokens.</param>
    /// <exception cref="StageFailureException"><c>SampleTooLong</c>, <c>ImagesUnsupported</c>, <c>BadImage</c>, <c>NonFiniteLoss</c>, <c>NoValidSamples</c>: what would end the stage as well.</exception>
    public ProbeReport Run(CausalLM policy, Tokenizer tokenizer, WorkerGroup? workers, CancellationToken cancellationToken)
    {
        var rft = probe.Sampling;
        var source = TaskSource.Of(task, policy, tokenizer, rft.Prompt, replayed: false);
        using var sampler = new RolloutSampler(policy, from => RewardModel.Of(from.Task, rft, calls ?? new RewardCallSpec(), workers, TimeProvider.System, log), rft, workers);
        var limit = new TokenLimit(policy.Config, optimization);
        var samples = Drawn();
        foreach (var sample in samples) limit.Check(task, sample, source.Prompts.Prompt(sample).Length, rft.MaxResponseTokens, "response tokens");

        var groups = new List<Rollout[]>();
        foreach (var (part, chunk) in samples.Chunk(Math.Max(1, MostRollouts / probe.Rollouts)).Index())
        {
            if (workers is null) cancellationToken.ThrowIfCancellationRequested();
            groups.AddRange(sampler.Rollouts(Array.ConvertAll(chunk, sample => new DrawnSample(source, sample)), probe.Rollouts, Seeds.Of(seed, Seeds.Purpose.Probe, part), cancellationToken).Chunk(probe.Rollouts));
        }

        var records = groups.ConvertAll(group => Array.ConvertAll(group, rollout =>
            new RolloutRecord(rollout.Reward.Total, rollout.Reward.Accuracy, rollout.Reward.Format, rollout.Sequence.Response.Length, rollout.Finished)));
        return ProbeJudge.Judge(task.Name, records, rft) with { Example = Example(samples, groups, records, tokenizer) };
    }

    // The first of a Fisher-Yates shuffle, in the order of the split.
    private Sample[] Drawn()
    {
        var places = Enumerable.Range(0, task.Train.Count).ToArray();
        var count = Math.Min(probe.Samples, places.Length);
        var state = Seeds.Of(seed, Seeds.Purpose.Probe, -1);
        for (var i = 0; i < count; i++)
        {
            var j = i + Seeds.Next(ref state, places.Length - i);
            (places[i], places[j]) = (places[j], places[i]);
        }

        return [.. places.Take(count).Order().Select(place => task.Train[place])];
    }

    /// <summary>A wrong rollout tells more than a right one, and one of a mixed group most of all.</summary>
    private ProbeExample Example(Sample[] samples, List<Rollout[]> groups, List<RolloutRecord[]> records, Tokenizer tokenizer)
    {
        bool Solves(RolloutRecord record) => ProbeJudge.Solves(record, probe.Sampling);
        var solved = records.ConvertAll(group => group.Count(Solves));
        var at = solved.FindIndex(count => count > 0 && count < probe.Rollouts);
        if (at < 0) at = Math.Max(0, solved.FindIndex(count => count == 0));
        var wrong = Math.Max(0, Array.FindIndex(records[at], record => !Solves(record)));
        var rollout = groups[at][wrong];
        return new ProbeExample(
            samples[at].Id, Shortened(tokenizer.Decode(rollout.Sequence.Prompt)), Shortened(rollout.Text), Shortened(samples[at].Accept ?? samples[at].Answer), rollout.Reward.Total, solved[at]);
    }

    private static string Shortened(string text)
    {
        if (text.Length <= ShownCharacters) return text;
        // Never half a surrogate pair: the report is written as UTF-8.
        var end = char.IsHighSurrogate(text[ShownCharacters - 1]) ? ShownCharacters - 1 : ShownCharacters;
        return text[..end] + "…";
    }
}
