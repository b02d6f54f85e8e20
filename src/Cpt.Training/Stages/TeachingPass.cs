using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Forward and backward of the token-mean negative log-likelihood over one batch; shared by SFT and pretraining.</summary>
internal static class TeachingPass
{
    /// <summary>
    /// Leaves the gradient of the whole batch's loss in the parameters; with several workers, of each worker's share of it: the optimizer sums them.
    /// </summary>
    /// <param name="logProbs">Of the model that learns.</param>
    /// <param name="sequences">The batch.</param>
    /// <param name="microBatchSize">Sequences of one pass; 0 = by length.</param>
    /// <param name="padToken">Stands where a row is shorter than its pass.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="optimizer">Whose gradients are filled.</param>
    /// <param name="packTokens">Above 0: passes of so many tokens without padding, instead of rows.</param>
    /// <param name="workers">Those that train together; null for one alone.</param>
    /// <param name="lwf">A second term; null for none.</param>
    /// <returns>The loss, and how many tokens were fed; by all workers.</returns>
    public static (double Loss, long Tokens) Run(
        ResponseLogProbs logProbs, IReadOnlyList<TrainingSequence> sequences, int microBatchSize, int padToken, Device device, PolicyOptimizer optimizer, int packTokens = 0,
        WorkerGroup? workers = null, Lwf? lwf = null)
    {
        using var scope = torch.NewDisposeScope();
        var responseTokens = 0L;
        foreach (var sequence in sequences) responseTokens += sequence.Response.Length;

        var keptTokens = lwf is null ? 0 : Lwf.Tokens(sequences);
        optimizer.ZeroGradients();
        var tokens = 0L;
        var losses = new List<Tensor>();
        var share = workers is null ? sequences : [.. WorkShare.Of([.. sequences.Select(sequence => sequence.InputLength)], workers.Rank, workers.Size).Select(i => sequences[i])];
        var passes = packTokens > 0 ? MicroBatches.Pack(share, packTokens) : MicroBatches.Split(share, microBatchSize, device);
        foreach (var (index, pass) in passes.Index())
        {
            using var passScope = torch.NewDisposeScope();
            var own = Array.ConvertAll(pass, i => share[i]);
            using var batch = packTokens > 0 ? TokenBatch.Packed(own, device) : TokenBatch.Of(own, padToken, device);
            var logits = logProbs.Logits(batch);
            var loss = ResponseLogProbs.OfLogits(logits, batch).sum() * (-1.0 / responseTokens);
            if (lwf?.Of(logits, batch, own, keptTokens) is { } kept) loss += kept;
            optimizer.BeginPass(last: index == passes.Count - 1);
            loss.backward();
            losses.Add(loss.detach().MoveToOuterDisposeScope());
            tokens += batch.InputTokens;
        }

        if (workers is null) return (Sums.Of(losses), tokens);
        var sums = workers.Sum(Sums.Of(losses), tokens);
        return (sums[0], (long)sums[1]);
    }
}
