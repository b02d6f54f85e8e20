using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Samples groups with the policy as it stands and rewards them. What is drawn depends on the seed, the place in the batch and the token's position
/// alone: not on threads, on workers, on how rows are batched, or on what was drawn before. With several workers each draws its share, and all reward all of them.
/// </summary>
internal sealed class RolloutSampler(CausalLM policy, Func<TaskSource, RewardModel> rewardsOf, RftSpec rft, WorkerGroup? workers = null) : IDisposable
{
    private readonly RowGenerator _generator = new(policy, workers);
    private readonly Dictionary<TaskSource, RewardModel> _rewards = new(ReferenceEqualityComparer.Instance);

    /// <summary>Tokens sampled so far by this object.</summary>
    public long SampledTokens { get; private set; }

    /// <param name="samples">One group each.</param>
    /// <param name="groupSize">Rollouts of each.</param>
    /// <param name="seed">Of this draw.</param>
    /// <param name="step">1-based step, for messages.</param>
    /// <param name="cancellationToken">Ends the draw between tokens.</param>
    public List<RolloutGroup> Sample(IReadOnlyList<DrawnSample> samples, int groupSize, ulong seed, int step, CancellationToken cancellationToken)
    {
        var asked = samples.Select(drawn => drawn.From.Prompts.Prompt(drawn.Sample)).ToArray();
        var sampled = Respond(samples, asked, groupSize, seed, rft.Temperature, step, cancellationToken);
        var greedy = rft.Algorithm == RftAlgorithm.ReMax ? Respond(samples, asked, 1, seed, temperature: 0, step, cancellationToken) : null;

        var rollouts = sampled.Chunk(groupSize).ToArray();
        var totals = Array.ConvertAll(rollouts, group => Array.ConvertAll(group, rollout => rollout.Reward.Total));
        var advantages = Advantages.Of(rft.Algorithm, totals, greedy is null ? null : Array.ConvertAll(greedy, rollout => rollout.Reward.Total));
        return
        [
            .. samples.Select((sample, i) => new RolloutGroup { Sample = sample.Sample, Rollouts = rollouts[i], Advantages = advantages[i], AllEqual = DrGrpo.AllEqual(totals[i]) }),
        ];
    }

    /// <summary>Rollouts without advantages, of one sample after the other.</summary>
    public Rollout[] Rollouts(IReadOnlyList<DrawnSample> samples, int each, ulong seed, CancellationToken cancellationToken) =>
        Respond(samples, [.. samples.Select(drawn => drawn.From.Prompts.Prompt(drawn.Sample))], each, seed, rft.Temperature, step: 0, cancellationToken);

    private Rollout[] Respond(
        IReadOnlyList<DrawnSample> samples, ModelPrompt[] asked, int groupSize, ulong seed, double temperature, int step, CancellationToken cancellationToken)
    {
        var repeated = new ModelPrompt[asked.Length * groupSize];
        for (var i = 0; i < repeated.Length; i++) repeated[i] = asked[i / groupSize];
        var request = new GenerationRequest
        {
            Prompts = Array.ConvertAll(repeated, prompt => prompt.Tokens),
            Images = ModelPrompt.ImagesOf(repeated),
            MaxNewTokens = rft.MaxResponseTokens,
            Temperature = temperature,
            TopK = rft.TopK,
            TopP = rft.TopP,
            StopTokens = samples[0].From.Prompts.StopTokens(policy.Config),
            Seed = seed,
            Threads = Math.Max(1, rft.RolloutThreads),
        };
        var rows = Finite.Logits(() => _generator.Generate(request, cancellationToken), step);

        var texts = rows.Select((row, i) => samples[i / groupSize].From.Prompts.Text(row)).ToArray();
        var earned = new Reward[repeated.Length];
        foreach (var ofOne in Enumerable.Range(0, repeated.Length).GroupBy(i => samples[i / groupSize].From))
        {
            int[] places = [.. ofOne];
            var judged = RewardsOf(ofOne.Key).Of(Array.ConvertAll(places, i => (samples[i / groupSize].Sample, texts[i])), cancellationToken);
            for (var at = 0; at < places.Length; at++) earned[places[at]] = judged[at];
        }

        var rollouts = new Rollout[repeated.Length];
        for (var i = 0; i < rollouts.Length; i++)
        {
            var sample = samples[i / groupSize].Sample;
            var row = rows[i];
            var reward = earned[i];
            Finite.Reward(reward.Total, step, sample.Id);
            SampledTokens += row.Tokens.Length;
            rollouts[i] = new Rollout(TrainingSequence.Of(repeated[i], row.Tokens), texts[i], reward, row.Finished);
        }

        return rollouts;
    }

    /// <summary>What each task's rollouts earn, known before the first of them is sampled.</summary>
    /// <exception cref="TaskDataException">A scorer cannot judge a task.</exception>
    public void Prepare(IEnumerable<TaskSource> sources)
    {
        foreach (var source in sources) RewardsOf(source);
    }

    public void Dispose()
    {
        foreach (var rewards in _rewards.Values) rewards.Dispose();
    }

    private RewardModel RewardsOf(TaskSource source)
    {
        if (!_rewards.TryGetValue(source, out var rewards)) _rewards.Add(source, rewards = rewardsOf(source));
        return rewards;
    }
}
