using Cpt.Torch;

namespace Cpt.Training;

/// <summary>One forward and backward pass of an update.</summary>
internal sealed class UpdatePass
{
    public required TokenBatch Batch { get; init; }

    /// <summary>[N] float32: the advantage of each token's rollout.</summary>
    public required Tensor Advantages { get; init; }

    /// <summary>[N] float32: each token's share of the mini-batch's loss.</summary>
    public required Tensor Weights { get; init; }

    /// <summary>Which rollout each token belongs to; a rollout is never cut.</summary>
    public required RolloutRows Rollouts { get; init; }

    /// <summary>[N] float32; null = on-policy.</summary>
    public Tensor? OldLogProbs { get; set; }

    public static UpdatePass Of(
        int[] rows, IReadOnlyList<TrainingSequence> sequences, IReadOnlyList<double> advantages, IReadOnlyList<double> weights, int padToken, Device device)
    {
        var batch = TokenBatch.Of(Array.ConvertAll(rows, row => sequences[row]), padToken, device);
        return new UpdatePass { Batch = batch, Advantages = PerToken(advantages), Weights = PerToken(weights), Rollouts = Rollouts() };

        RolloutRows Rollouts()
        {
            var lengths = Array.ConvertAll(rows, row => sequences[row].Response.Length);
            long[] owners = [.. lengths.SelectMany((length, i) => Enumerable.Repeat((long)i, length))];
            return new RolloutRows(
                torch.tensor<long>(owners, [owners.Length]).upload(device),
                torch.tensor<float>(Array.ConvertAll(lengths, length => (float)length), [lengths.Length]).upload(device));
        }

        Tensor PerToken(IReadOnlyList<double> perRollout)
        {
            var values = new float[batch.ResponseTokens];
            var n = 0;
            foreach (var row in rows)
            {
                var length = sequences[row].Response.Length;
                values.AsSpan(n, length).Fill((float)perRollout[row]);
                n += length;
            }

            return torch.tensor<float>(values, [values.Length]).upload(device);
        }
    }
}
