using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Cpt.Models;

/// <summary>
/// Chooses a token from one row of logits. Works on the logits' own memory, row by row: one pass for the exponentials and one for the
/// inverse of the distribution, in place of a dozen tensor operators. Not thread-safe (it keeps its buffers).
/// </summary>
public sealed class TokenSampler
{
    private readonly SamplingOptions _options;
    private readonly float[] _weights;
    private float[] _ordered = [];

    /// <param name="options">Validated here.</param>
    /// <param name="vocabulary">V: length of every row of logits.</param>
    public TokenSampler(SamplingOptions options, int vocabulary)
    {
        options.Validate();
        _options = options;
        _weights = new float[vocabulary];
    }

    public bool IsGreedy => _options.Greedy;

    /// <param name="logits">[V].</param>
    /// <param name="uniform">Where the distribution is inverted, in [0, 1); unused when greedy.</param>
    /// <returns>The token, and its log-probability under the unaltered logits (temperature 1, nothing left out).</returns>
    /// <exception cref="NonFiniteLogitsException">The logits hold NaN or +∞.</exception>
    public (int Token, float LogProbability) Choose(ReadOnlySpan<float> logits, double uniform)
    {
        var max = Maximum(logits);
        if (!float.IsFinite(max))
        {
            throw new NonFiniteLogitsException();
        }

        var logTotal = Math.Log(Exponentials(logits, max, 1));
        int token;
        if (_options.Greedy)
        {
            token = logits.IndexOf(max);
        }
        else
        {
            var total = Restrict(logits, max);
            token = Invert(uniform * total);
        }

        return (token, (float)(logits[token] - max - logTotal));
    }

    /// <summary>The probabilities tokens are drawn with.</summary>
    /// <param name="logits">[V].</param>
    /// <param name="probabilities">[V], filled.</param>
    public void Probabilities(ReadOnlySpan<float> logits, Span<float> probabilities)
    {
        var max = Maximum(logits);
        if (_options.Greedy)
        {
            probabilities.Clear();
            probabilities[logits.IndexOf(max)] = 1;
            return;
        }

        Exponentials(logits, max, 1);
        var total = Restrict(logits, max);
        for (var i = 0; i < probabilities.Length; i++)
        {
            probabilities[i] = (float)(_weights[i] / total);
        }
    }

    /// <summary>Leaves in <see cref="_weights"/> what a token weighs, 0 for those left out, and returns their sum.</summary>
    private double Restrict(ReadOnlySpan<float> logits, float max)
    {
        // With temperature 1 the weights are there already.
        var total = _options.Temperature == 1 ? Sum(_weights) : Exponentials(logits, max, 1 / _options.Temperature);
        if (_options.TopK > 0 && _options.TopK < _weights.Length)
        {
            total = KeepTop(_options.TopK);
        }

        return _options.TopP < 1 ? KeepProbable(_options.TopP, total) : total;
    }

    /// <summary>Ties with the k-th stay, as in transformers.</summary>
    private double KeepTop(int k)
    {
        var ordered = Ordered(_weights.Length);
        _weights.CopyTo(ordered);
        var threshold = Selection.KthLargest(ordered, k);
        var total = 0.0;
        for (var i = 0; i < _weights.Length; i++)
        {
            if (_weights[i] < threshold)
            {
                _weights[i] = 0;
            }

            total += _weights[i];
        }

        return total;
    }

    /// <summary>A token stays while those more likely than it have not reached p; the first always stays.</summary>
    private double KeepProbable(double p, double total)
    {
        // What is this small cannot matter: all of it together is at most 1 - p.
        var negligible = (1 - p) * total / _weights.Length;
        var ordered = Ordered(_weights.Length);
        var count = 0;
        foreach (var weight in _weights)
        {
            if (weight > negligible)
            {
                ordered[count++] = weight;
            }
        }

        var candidates = ordered[..count];
        candidates.Sort();
        candidates.Reverse();
        var before = 0.0;
        var kept = 0;
        while (kept < candidates.Length && (kept == 0 || before < p * total))
        {
            before += candidates[kept++];
        }

        var threshold = candidates[kept - 1];

        // Of tokens as likely as the last that stays, as many stay as were counted.
        var ties = 0;
        for (var i = kept - 1; i >= 0 && candidates[i] == threshold; i--)
        {
            ties++;
        }

        var sum = 0.0;
        for (var i = 0; i < _weights.Length; i++)
        {
            if (_weights[i] < threshold || (_weights[i] == threshold && ties-- <= 0))
            {
                _weights[i] = 0;
            }

            sum += _weights[i];
        }

        return sum;
    }

    private int Invert(double target)
    {
        var sum = 0.0;
        var last = 0;
        for (var i = 0; i < _weights.Length; i++)
        {
            if (_weights[i] > 0)
            {
                last = i;
                sum += _weights[i];
                if (sum > target)
                {
                    return i;
                }
            }
        }

        // Only rounding leads here.
        return last;
    }

    /// <summary>Writes e^((logit − max)·scale) and returns the sum.</summary>
    private double Exponentials(ReadOnlySpan<float> logits, float max, double scale)
    {
        var factor = (float)scale;
        var total = 0.0;
        var i = 0;
        var vectors = MemoryMarshal.Cast<float, Vector256<float>>(logits);
        var results = MemoryMarshal.Cast<float, Vector256<float>>(_weights.AsSpan());
        for (var v = 0; v < vectors.Length; v++, i += Vector256<float>.Count)
        {
            var weights = Vector256.Exp((vectors[v] - Vector256.Create(max)) * factor);
            results[v] = weights;
            total += Vector256.Sum(weights);
        }

        for (; i < logits.Length; i++)
        {
            _weights[i] = MathF.Exp((logits[i] - max) * factor);
            total += _weights[i];
        }

        return total;
    }

    /// <summary>The largest value; NaN where any is NaN.</summary>
    private static float Maximum(ReadOnlySpan<float> logits)
    {
        var max = float.NegativeInfinity;
        foreach (var logit in logits)
        {
            max = MathF.Max(max, logit);
        }

        return max;
    }

    private static double Sum(float[] weights)
    {
        var total = 0.0;
        foreach (var weight in weights)
        {
            total += weight;
        }

        return total;
    }

    private Span<float> Ordered(int count)
    {
        if (_ordered.Length < count)
        {
            _ordered = new float[count];
        }

        return _ordered.AsSpan(0, count);
    }
}
