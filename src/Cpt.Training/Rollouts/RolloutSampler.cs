using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Samples groups with the policy as it stands and rewards them. What is drawn depends on the seed, the place in the batch and the token's position
/// alone: not on threads, on workers, on how rows are batched, or on what was drawn before. With several workers each draws its share, and all reward all of them.
/// </summary>
internal sealed class RolloutSampler(CausalLM policy, PromptBuilder prompts, RewardModel rewards, RftSpec rft, WorkerGroup? workers = null)
{
    private readonly RowGenerator _generator = new(policy, workers);
    private readonly int[] _stopTokens = prompts.StopTokens(policy.Config);

    /// <summary>Tokens sampled so far by this object.</summary>
    public long SampledTokens { get; private set; }

    /// <param name="samples">One group each.</param>
    /// <param name="groupSize">Rollouts of each.</param>
    /// <param name="seed">Of this draw.</param>
    /// <param name="step">1-based step, for messages.</param>
    /// <param name="cancellationToken">Ends the draw between tokens.</param>
    public List<RolloutGroup> Sample(IReadOnlyList<Sample> samples, int groupSize, ulong seed, int step, CancellationToken cancellationToken)
    {
        var asked = samples.Select(prompts.Prompt).ToArray();
        var sampled = Respond(samples, asked, groupSize, seed, rft.Temperature, step, cancellationToken);
        var greedy = rft.Algorithm == RftAlgorithm.ReMax ? Respond(samples, asked, 1, seed, temperature: 0, step, cancellationToken) : null;

        var groups = new List<RolloutGroup>(samples.Count);
        var totals = new double[groupSize];
        for (var i = 0; i < samples.Count; i++)
        {
            var rollouts = sampled[(i * groupSize)..((i + 1) * groupSize)];
            for (var g = 0; g < groupSize; g++) totals[g] = rollouts[g].Reward.Total;
            groups.Add(new RolloutGroup
            {
                Sample = samples[i],
                Rollouts = rollouts,
                Advantages = Training.Advantages.Of(rft.Algorithm, totals, greedy?[i].Reward.Total),
                AllEqual = DrGrpo.AllEqual(totals),
            });
        }

        return groups;
    }

    private Rollout[] Respond(
        IReadOnlyList<Sample> samples, ModelPrompt[] asked, int groupSize, ulong seed, double temperature, int step, CancellationToken cancellationToken)
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
            StopTokens = _stopTokens,
            Seed = seed,
            Threads = Math.Max(1, rft.RolloutThreads),
        };
        var rows = Finite.Logits(() => _generator.Generate(request, cancellationToken), step);

        var texts = rows.Select(prompts.Text).ToArray();
        var earned = rewards.Of([.. Enumerable.Range(0, rows.Count).Select(i => (samples[i / groupSize], texts[i]))], cancellationToken);
        var rollouts = new Rollout[repeated.Length];
        for (var i = 0; i < rollouts.Length; i++)
        {
            var sample = samples[i / groupSize];
            var row = rows[i];
            var reward = earned[i];
            Finite.Reward(reward.Total, step, sample.Id);
            SampledTokens += row.Tokens.Length;
            rollouts[i] = new Rollout(TrainingSequence.Of(repeated[i], row.Tokens), texts[i], reward, row.Finished);
        }

        return rollouts;
    }
}
