using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class TokenBatchTests
{
    [Fact]
    public void OnlyStatesThatPredictAResponseTokenAreTakenAndPaddingStandsOnTheRight()
    {
        using var batch = TokenBatch.Of([new([1, 2, 3], [4, 5]), new([6], [7])], padToken: 0, torch.CPU);
        Assert.Equal([2, 4], batch.InputIds.shape);
        Assert.Equal([1, 2, 3, 4, 6, 0, 0, 0], batch.InputIds.data<long>());
        Assert.Equal([2, 3, 4], batch.Positions.data<long>());
        Assert.Equal([4, 5, 7], batch.Targets.data<long>());
        Assert.Equal((3, 5), (batch.ResponseTokens, batch.InputTokens));
    }

    [Fact]
    public void WhatTheOtherRowsAreDoesNotChangeASequencesLogProbabilities()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        var logProbs = new ResponseLogProbs(model, bfloat16: false);
        var sequence = new TrainingSequence([1, 2, 3], [4, 5]);
        using var noGrad = torch.no_grad();
        var alone = logProbs.Of(TokenBatch.Of([sequence], 0, torch.CPU)).data<float>();
        var together = logProbs.Of(TokenBatch.Of([sequence, new([9, 9, 9, 9, 9, 9, 9, 9], [8, 8, 8])], 200, torch.CPU)).data<float>();
        for (var i = 0; i < alone.Length; i++) Assert.Equal(alone[i], together[i], 1e-5f);
    }
}
