using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Forward and backward of the token-mean negative log-likelihood over one batch; shared by SFT and pretraining.</summary>
internal static class TeachingPass
{
    /// <summary>Leaves the gradient of the whole batch's loss in the parameters.</summary>
    /// <param name="logProbs">Of the model that learns.</param>
    /// <param name="sequences">The batch.</param>
    /// <param name="microBatchSize">Sequences of one pass; 0 = by length.</param>
    /// <param name="padToken">Stands where a row is shorter than its pass.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="optimizer">Whose gradients are filled.</param>
    /// <param name="packTokens">Above 0: passes of so many tokens without padding, instead of rows.</param>
    /// <returns>The loss, and how many tokens were fed.</returns>
    public static (double Loss, long Tokens) Run(
        ResponseLogProbs logProbs, IReadOnlyList<TrainingSequence> sequences, int microBatchSize, int padToken, Device device, PolicyOptimizer optimizer, int packTokens = 0)
    {
        using var scope = torch.NewDisposeScope();
        var responseTokens = 0L;
        foreach (var sequence in sequences) responseTokens += sequence.Response.Length;

        optimizer.ZeroGradients();
        var tokens = 0L;
        var losses = new List<Tensor>();
        foreach (var pass in packTokens > 0 ? MicroBatches.Pack(sequences, packTokens) : MicroBatches.Split(sequences, microBatchSize, device))
        {
            using var passScope = torch.NewDisposeScope();
            var own = Array.ConvertAll(pass, i => sequences[i]);
            using var batch = packTokens > 0 ? TokenBatch.Packed(own, device) : TokenBatch.Of(own, padToken, device);
            var loss = logProbs.Of(batch).sum() * (-1.0 / responseTokens);
            loss.backward();
            losses.Add(loss.detach().MoveToOuterDisposeScope());
            tokens += batch.InputTokens;
        }

        return (Sums.Of(losses), tokens);
    }
}
