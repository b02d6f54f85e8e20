using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class OrthogonalLoraTests
{
    private static readonly LoraOptions s_new = new() { Rank = 2, Alpha = 4, Targets = ["q_proj", "k_proj", "down_proj"] };
    private static readonly LoraOptions s_old = new() { Rank = 3, Alpha = 6, Targets = ["k_proj", "v_proj", "down_proj"] };

    [Fact]
    public void TheTermIsTheSumOfAllProductsOfRowsOfSharedLayers()
    {
        using var model = Tiny.Model();
        using var adapter = LoraAdapter.Create(model, s_new, seed: 1);
        using var penalty = new OrthogonalLora(0.5, adapter, [LoraAdapter.Create(model, s_old, seed: 2), LoraAdapter.Create(model, s_old, seed: 3)]);
        Assert.Equal(0.5 * (ByHand(model, adapter, 2) + ByHand(model, adapter, 3)), penalty.Value(), 1e-3);
    }

    [Fact]
    public void TheGradientIsThatOfTheValue()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var adapter = LoraAdapter.Create(model, s_new, seed: 1);
        using var penalty = new OrthogonalLora(2, adapter, [LoraAdapter.Create(model, s_old, seed: 2)]);
        var moved = 0;
        for (var place = 0; place < adapter.Parameters.Count; place++)
        {
            var (name, value) = (adapter.Parameters[place].Name, adapter.Parameters[place].Value);
            if (penalty.Gradient(place) is not { } gradient)
            {
                Assert.Contains("lora_B", name, StringComparison.Ordinal);
                continue;
            }

            var found = gradient.data<float>();
            using var unrecorded = torch.no_grad();
            var flat = value.detach().view(-1);
            for (var i = 0; i < found.Length; i += 37)
            {
                const double Small = 1e-3;
                double At(double move)
                {
                    flat.narrow(0, i, 1).add_(move);
                    var term = penalty.Value();
                    flat.narrow(0, i, 1).add_(-move);
                    return term;
                }

                // Where a product passes 0 the slope jumps; there both sides bound it.
                var (left, right) = ((At(0) - At(-Small)) / Small, (At(Small) - At(0)) / Small);
                Assert.InRange(found[i], Math.Min(left, right) - 0.05, Math.Max(left, right) + 0.05);
                moved += Math.Abs(found[i]) > 0.1 ? 1 : 0;
            }
        }

        Assert.True(moved > 5, $"only {moved} of the entries looked at have a gradient");
    }

    [Fact]
    public void ALayerThatOnlyOneAdapterChangesHasNoGradient()
    {
        using var model = Tiny.Model();
        using var adapter = LoraAdapter.Create(model, s_new with { Targets = ["q_proj"] }, seed: 1);
        using var penalty = new OrthogonalLora(2, adapter, [LoraAdapter.Create(model, s_old, seed: 2)]);
        Assert.Equal(0, penalty.Value());
        Assert.All(penalty.Gradient(0)!.data<float>(), value => Assert.Equal(0, value));
    }

    [Fact]
    public void TrainingTurnsTheAdapterAwayFromTheEarlierOne()
    {
        var (free, held) = (Overlap(1e-6), Overlap(0.1));
        Assert.True(held < free / 3, $"the overlap is {held} with the term, {free} without");
    }

    private static double Overlap(double lambda)
    {
        using var model = Tiny.HalfTaught();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(60, batch: 20, rate: 5e-3)) with { Lora = Tiny.OrthogonalLora(lambda) }, model, Tiny.EvenDigits()));
        StepReport report = null!;
        while (!loop.Finished) report = loop.RunStep(default);
        return report.Penalty!.Value / lambda;
    }

    private static double ByHand(CausalLM model, LoraAdapter adapter, ulong seed)
    {
        using var scope = torch.NewDisposeScope();
        using var old = LoraAdapter.Create(model, s_old, seed);
        var earlier = old.Layers().ToDictionary(layer => layer.Layer, layer => layer.A, StringComparer.Ordinal);
        var sum = 0.0;
        foreach (var (layer, a, _) in adapter.Layers().Where(layer => earlier.ContainsKey(layer.Layer)))
        {
            var (rows, others, width) = (a.contiguous().data<float>(), earlier[layer].contiguous().data<float>(), (int)a.size(1));
            for (var i = 0; i < others.Length / width; i++)
            {
                for (var j = 0; j < rows.Length / width; j++)
                {
                    sum += Math.Abs(Enumerable.Range(0, width).Sum(k => (double)others[(i * width) + k] * rows[(j * width) + k]));
                }
            }
        }

        return sum;
    }
}
