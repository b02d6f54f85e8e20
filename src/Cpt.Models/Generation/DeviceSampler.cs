using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Chooses the next token of all rows where their logits are. What comes to the host are a token and a number for each row, where the logits of 64 rows
/// of a large vocabulary would be 40 MB a step.
/// </summary>
/// <remarks>
/// A row's distribution is inverted in two stages: first the block of <see cref="Block"/> tokens that holds the point, then the token in it. Sums of
/// the weights before a place are products with a triangle of ones, in float64: a parallel prefix sum would give other bits from run to run.
/// </remarks>
internal sealed class DeviceSampler : IDisposable
{
    private const int Block = 512;

    private readonly SamplingOptions _options;
    private readonly int _vocabulary;
    private readonly int _blocks;
    private readonly Tensor _blockSums;
    private readonly Tensor _tokenSums;
    private readonly Tensor _offsets;

    /// <param name="options">Validated by the caller; top-p is off.</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="device">Where the logits will be.</param>
    public DeviceSampler(SamplingOptions options, int vocabulary, Device device)
    {
        _options = options;
        _vocabulary = vocabulary;
        _blocks = (vocabulary + Block - 1) / Block;
        using var scope = torch.NewDisposeScope();
        _blockSums = torch.ones([_blocks, _blocks], ScalarType.Float64, device).triu().DetachFromDisposeScope();
        _offsets = torch.arange(Block, device: device).DetachFromDisposeScope();
        _tokenSums = torch.ones([Block, Block], ScalarType.Float64, device).triu().DetachFromDisposeScope();
    }

    /// <param name="logits">[rows, V], of any floating-point type.</param>
    /// <param name="uniforms">Where each row's distribution is inverted, in [0, 1); unused when greedy.</param>
    /// <returns>
    /// A token for each row, and its log-probability under the unaltered logits (temperature 1, nothing left out); NaN for a row whose logits are not finite.
    /// </returns>
    public (int[] Tokens, float[] LogProbabilities) Choose(Tensor logits, ReadOnlySpan<double> uniforms)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var rows = logits.size(0);
        var wide = logits.to(ScalarType.Float32);
        var (most, likeliest) = wide.max(1); // [rows]
        var shifted = wide - most.unsqueeze(1);
        var weights = shifted.exp();
        var total = weights.sum(1, type: ScalarType.Float64); // [rows]
        var tokens = _options.Greedy ? likeliest : Invert(Restrict(shifted, weights), torch.tensor(uniforms, uniforms.Length).upload(logits.device));
        var chosen = shifted.gather(1, tokens.unsqueeze(1)).squeeze(1).to(ScalarType.Float64) - total.log();

        // One transfer for both; float64 holds every token id exactly. max − max is NaN where the largest logit is infinite or NaN.
        var both = torch.stack([tokens.to(ScalarType.Float64), chosen + (most - most)], 0).cpu().data<double>();
        var ids = new int[rows];
        var logProbabilities = new float[rows];
        for (var i = 0; i < rows; i++)
        {
            logProbabilities[i] = (float)both[rows + i];
            ids[i] = double.IsNaN(both[rows + i]) ? 0 : (int)both[i];
        }

        return (ids, logProbabilities);
    }

    public void Dispose()
    {
        _blockSums.Dispose();
        _tokenSums.Dispose();
        _offsets.Dispose();
    }

    /// <summary>What a token weighs after temperature and top-k; 0 for those left out. Ties with the k-th stay, as in transformers.</summary>
    private Tensor Restrict(Tensor shifted, Tensor weights)
    {
        if (_options.Temperature != 1)
        {
            weights = (shifted / _options.Temperature).exp();
        }

        if (_options.TopK <= 0 || _options.TopK >= _vocabulary)
        {
            return weights;
        }

        var least = weights.topk(_options.TopK, 1).values.amin(1, keepdim: true);
        return weights.masked_fill(weights.lt(least), 0);
    }

    /// <param name="weights">[rows, V].</param>
    /// <param name="uniforms">[rows], float64.</param>
    private Tensor Invert(Tensor weights, Tensor uniforms)
    {
        var rows = weights.size(0);
        var padded = weights;
        if (_blocks * Block != _vocabulary)
        {
            padded = torch.zeros([rows, (long)_blocks * Block], ScalarType.Float32, weights.device);
            padded.narrow(1, 0, _vocabulary).copy_(weights);
        }

        var blocks = padded.view(rows, _blocks, Block);
        var sums = blocks.sum(2, type: ScalarType.Float64);  // [rows, blocks]
        var until = sums.matmul(_blockSums);                    // up to and with each block
        var point = until.narrow(1, _blocks - 1, 1) * uniforms.unsqueeze(1); // [rows, 1]
        var block = until.le(point).sum(1).clamp(0, _blocks - 1).unsqueeze(1); // [rows, 1]
        var before = until.gather(1, block) - sums.gather(1, block);

        var inside = blocks.gather(1, block.unsqueeze(2).expand(rows, 1, Block)).squeeze(1); // [rows, Block]
        var place = ((inside.to(ScalarType.Float64).matmul(_tokenSums) + before).le(point)).sum(1);
        // The two stages round differently: the point may lie a hair behind the last token that has any weight.
        var last = (_offsets * inside.gt(0).to(ScalarType.Int64)).amax(1);
        return (block.squeeze(1) * Block) + place.minimum(last);
    }
}
