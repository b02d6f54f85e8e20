using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <param name="Loss">Mean over the updates made; 0 when no group taught anything.</param>
/// <param name="GradientNorm">The largest of the updates.</param>
/// <param name="Kl">Mean KL estimate; null without a reference.</param>
/// <param name="ClipFraction">Clipped tokens by all tokens trained on.</param>
/// <param name="Tokens">Fed to forward passes of policy and reference.</param>
internal readonly record struct PolicyUpdateResult(double Loss, double GradientNorm, double? Kl, double ClipFraction, long Tokens);

/// <summary>
/// The optimizer updates of one rollout batch. Groups go to mini-batches in the order they were drawn. The first mini-batch is on-policy: its old
/// log-probabilities are the new ones, detached. Those of the later ones are computed before the first update. A group without any advantage adds
/// exactly nothing to a loss without KL, so its forward pass is left out, while its tokens still count in the mean.
/// </summary>
internal sealed class PolicyUpdate
{
    private readonly PolicyOptimizer _optimizer;
    private readonly ResponseLogProbs _policy;
    private readonly ResponseLogProbs? _reference;
    private readonly PolicyLossOptions _options;
    private readonly LossAggregation _aggregation;
    private readonly int _maxResponseTokens;
    private readonly int _miniBatches;
    private readonly int _microBatchSize;
    private readonly int _padToken;
    private readonly Device _device;
    private readonly WorkerGroup? _workers;

    public PolicyUpdate(
        CausalLM policy, ResponseLogProbs? reference, RftSpec rft, OptimizationSpec optimization, PolicyOptimizer optimizer, bool bfloat16, int padToken, Device device,
        WorkerGroup? workers = null)
    {
        _optimizer = optimizer;
        _policy = new ResponseLogProbs(policy, bfloat16, rft.Temperature);
        _reference = reference;
        _options = new PolicyLossOptions
        {
            ClipLow = rft.ClipLow,
            ClipHigh = rft.ClipHigh,
            DualClip = rft.DualClip > 0 ? rft.DualClip : null,
            KlEstimator = KlEstimators.Parse(rft.KlEstimator),
            KlCoefficient = rft.KlCoefficient,
            RatioLevel = Gspo.LevelOf(rft.Algorithm),
        };
        _aggregation = TokenWeights.Parse(rft.LossAggregation);
        _maxResponseTokens = rft.MaxResponseTokens;
        _miniBatches = rft.MiniBatches;
        _microBatchSize = optimization.MicroBatchSize;
        _padToken = padToken;
        _device = device;
        _workers = workers;
    }

    public PolicyUpdateResult Run(IReadOnlyList<RolloutGroup> groups, double learningRate, int step, CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        var miniBatches = new List<List<UpdatePass>>();
        for (var i = 0; i < _miniBatches; i++)
        {
            if (Passes(groups, groups.Count * i / _miniBatches, groups.Count * (i + 1) / _miniBatches) is { } passes) miniBatches.Add(passes);
        }

        foreach (var pass in miniBatches.Skip(1).SelectMany(passes => passes))
        {
            // Workers agree on stopping where all of them come by equally often; passes are each one's own.
            if (_workers is null) cancellationToken.ThrowIfCancellationRequested();
            pass.OldLogProbs = WithoutGradient(_policy, pass);
        }

        double loss = 0, norm = 0, kl = 0, clipped = 0;
        long tokens = 0, trained = 0;
        foreach (var passes in miniBatches)
        {
            var sums = Backward(passes);
            loss += Finite.Loss(sums.Loss, step) / miniBatches.Count;
            kl += sums.Kl / miniBatches.Count;
            clipped += sums.Clipped;
            norm = Math.Max(norm, _optimizer.Update(learningRate, step));
            foreach (var pass in passes)
            {
                var forwards = 1 + (pass.OldLogProbs is null ? 0 : 1) + (_reference is null ? 0 : 1);
                tokens += (long)forwards * pass.Batch.InputTokens;
                trained += pass.Batch.ResponseTokens;
            }
        }

        if (_workers?.Sum(tokens, trained) is [var allTokens, var allTrained]) (tokens, trained) = ((long)allTokens, (long)allTrained);
        return new PolicyUpdateResult(loss, norm, _reference is null ? null : kl, clipped / Math.Max(1, trained), tokens);
    }

    private (double Loss, double Kl, double Clipped) Backward(IReadOnlyList<UpdatePass> passes)
    {
        var losses = new List<Tensor>();
        var kls = new List<Tensor>();
        var clipped = new List<Tensor>();
        _optimizer.ZeroGradients();
        foreach (var (index, pass) in passes.Index())
        {
            using var scope = torch.NewDisposeScope();
            var reference = _reference is null ? null : WithoutGradient(_reference, pass);
            var logProbs = _policy.Of(pass.Batch);
            var result = PolicyLoss.Of(_options, logProbs, pass.OldLogProbs ?? logProbs.detach(), reference, pass.Advantages, pass.Weights, pass.Rollouts);
            _optimizer.BeginPass(last: index == passes.Count - 1);
            result.Loss.backward();
            losses.Add(result.Loss.detach().MoveToOuterDisposeScope());
            clipped.Add(result.Clipped.to(ScalarType.Float32).MoveToOuterDisposeScope());
            if (result.Kl is { } kl) kls.Add(kl.MoveToOuterDisposeScope());
        }

        var (loss, klSum, clippedSum) = (Sums.Of(losses), Sums.Of(kls), Sums.Of(clipped));
        return _workers?.Sum(loss, klSum, clippedSum) is [var allLoss, var allKl, var allClipped] ? (allLoss, allKl, allClipped) : (loss, klSum, clippedSum);
    }

    private static Tensor WithoutGradient(ResponseLogProbs model, UpdatePass pass)
    {
        using var scope = torch.NewDisposeScope();
        using var noGrad = torch.no_grad();
        return model.Of(pass.Batch).MoveToOuterDisposeScope();
    }

    /// <returns>Of this worker's share; null where the whole mini-batch teaches nothing.</returns>
    private List<UpdatePass>? Passes(IReadOnlyList<RolloutGroup> groups, int start, int end)
    {
        var sequences = new List<TrainingSequence>();
        var advantages = new List<double>();
        var weights = new List<double>();
        var lengths = new List<int>();
        for (var i = start; i < end; i++) lengths.AddRange(groups[i].Rollouts.Select(rollout => rollout.Sequence.Response.Length));
        var allWeights = TokenWeights.Of(_aggregation, lengths.ToArray(), _maxResponseTokens);

        var rollout = 0;
        for (var i = start; i < end; i++)
        {
            var group = groups[i];
            for (var g = 0; g < group.Rollouts.Count; g++, rollout++)
            {
                if (_reference is null && !group.Teaches) continue;
                sequences.Add(group.Rollouts[g].Sequence);
                advantages.Add(group.Advantages[g]);
                weights.Add(allWeights[rollout]);
            }
        }

        if (sequences.Count == 0) return null;
        if (_workers is not null)
        {
            var own = WorkShare.Of([.. sequences.Select(sequence => sequence.InputLength)], _workers.Rank, _workers.Size);
            (sequences, advantages, weights) = ([.. own.Select(i => sequences[i])], [.. own.Select(i => advantages[i])], [.. own.Select(i => weights[i])]);
        }

        return [.. MicroBatches.Split(sequences, _microBatchSize, _device).Select(pass => UpdatePass.Of(pass, sequences, advantages, weights, _padToken, _device))];
    }
}
