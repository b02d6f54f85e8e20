using Cpt.Torch;

namespace Cpt.Training;

/// <summary>Forward and backward of the token-mean negative log-likelihood over one batch; shared by SFT and pretraining.</summary>
internal static class TeachingPass
{
    /// <summary>Leaves the gradient of the whole batch's loss in the parameters.</summary>
    /// <returns>The loss, and how many tokens were fed.</returns>
    public static (double Loss, long Tokens) Run(
        ResponseLogProbs logProbs, IReadOnlyList<TrainingSequence> sequences, int microBatchSize, int padToken, Device device, PolicyOptimizer optimizer)
    {
        using var scope = torch.NewDisposeScope();
        var responseTokens = 0L;
        foreach (var sequence in sequences) responseTokens += sequence.Response.Length;

        optimizer.ZeroGradients();
        var tokens = 0L;
        var losses = new List<Tensor>();
        foreach (var pass in MicroBatches.Split(sequences, microBatchSize, device))
        {
            using var passScope = torch.NewDisposeScope();
            using var batch = TokenBatch.Of(Array.ConvertAll(pass, i => sequences[i]), padToken, device);
            var loss = logProbs.Of(batch).sum() * (-1.0 / responseTokens);
            loss.backward();
            losses.Add(loss.detach().MoveToOuterDisposeScope());
            tokens += batch.InputTokens;
        }

        return (Sums.Of(losses), tokens);
    }
}
