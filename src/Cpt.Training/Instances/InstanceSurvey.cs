using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// The rollouts of the whole train split with the input policy, in chunks that are each a function of weights, seed and place alone: a chunk that is sampled
/// again is the same, and chunks of an earlier attempt go together with those of this one.
/// </summary>
/// <param name="task">Whose train split is asked.</param>
/// <param name="question">How.</param>
/// <param name="optimization">Bounds the length of a sequence.</param>
/// <param name="seed">Of the stage.</param>
/// <param name="calls">How a reward service is called; null: by the defaults.</param>
/// <param name="log">Warnings for people.</param>
public sealed class InstanceSurvey(TaskData task, InstanceQuestion question, OptimizationSpec optimization, long seed, RewardCallSpec? calls = null, Action<string>? log = null)
{
    // Enough rows to fill a device; what a crash costs at most.
    private const int ChunkRollouts = 512;
    private const int ExampleCharacters = 300;

    private readonly int _chunkSamples = Math.Clamp(ChunkRollouts / question.Rollouts, 1, ChunkRollouts / 8);

    public int Samples => task.Train.Count;

    public int Chunks => (task.Train.Count + _chunkSamples - 1) / _chunkSamples;

    /// <summary>Whether a stored chunk answers this question.</summary>
    public bool IsPart(RolloutChunk chunk) =>
        chunk.Samples.Select(sample => sample.Id).SequenceEqual(Stretch(chunk.Index).Select(sample => sample.Id), StringComparer.Ordinal)
        && chunk.Samples.All(sample => sample.Rollouts.Count == question.Rollouts);

    /// <exception cref="StageFailureException"><c>SampleTooLong</c>: a prompt leaves no room for the longest response.</exception>
    public void Check(CausalLM policy, Tokenizer tokenizer, CancellationToken cancellationToken)
    {
        var prompts = PromptBuilder.Of(task, policy, tokenizer, question.Sampling.Prompt);
        var limit = new TokenLimit(policy.Config, optimization);
        foreach (var sample in task.Train)
        {
            cancellationToken.ThrowIfCancellationRequested();
            limit.Check(task, sample, prompts.Prompt(sample).Length, question.Sampling.MaxResponseTokens, $"response tokens ({question.LimitField})");
        }
    }

    /// <summary>Samples one chunk; several workers each a share of it, and all get all of it.</summary>
    public RolloutChunk Sample(int chunk, CausalLM policy, Tokenizer tokenizer, WorkerGroup? workers, CancellationToken cancellationToken)
    {
        var rft = question.Sampling;
        var source = TaskSource.Of(task, policy, tokenizer, rft.Prompt, replayed: false);
        using var sampler = new RolloutSampler(policy, from => RewardModel.Of(from.Task, rft, calls ?? new RewardCallSpec(), workers, TimeProvider.System, log), rft, workers);
        var samples = Stretch(chunk);
        var rollouts = sampler.Rollouts(Array.ConvertAll(samples, sample => new DrawnSample(source, sample)), question.Rollouts, Seeds.Of(seed, Seeds.Purpose.Instances, chunk), cancellationToken).Chunk(question.Rollouts).ToArray();
        return new RolloutChunk { Index = chunk, Samples = [.. samples.Select((sample, i) => new SampleRollouts(sample.Id, Records(rollouts[i]), Shortened(rollouts[i][0].Text)))] };
    }

    private Sample[] Stretch(int chunk) => [.. task.Train.Skip(chunk * _chunkSamples).Take(_chunkSamples)];

    private RolloutRecord[] Records(Rollout[] rollouts)
    {
        var records = Array.ConvertAll(rollouts, rollout =>
            new RolloutRecord(rollout.Reward.Total, rollout.Reward.Accuracy, rollout.Reward.Format, rollout.Sequence.Response.Length, rollout.Finished));
        foreach (var kept in SelfDistillation.Learned(records, question.MinimumReward, question.Sampling.FormatWeight, question.KeptTokens)) records[kept] = records[kept] with { Tokens = rollouts[kept].Sequence.Response };
        return records;
    }

    private static string Shortened(string text)
    {
        if (text.Length <= ExampleCharacters) return text;
        // Never half a surrogate pair: the record is written as UTF-8.
        var end = char.IsHighSurrogate(text[ExampleCharacters - 1]) ? ExampleCharacters - 1 : ExampleCharacters;
        return text[..end];
    }
}
