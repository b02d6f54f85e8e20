using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class LwfTests
{
    private static readonly double[] s_old = [1.0, -0.5, 2.0];
    private static readonly double[] s_new = [0.2, 0.7, 1.1];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(0.5)]
    public void TheTermIsKlOfSoftenedDistributionsAndItsGradientTheirDifference(double temperature)
    {
        using var scope = torch.NewDisposeScope();
        var logits = Logits(s_new);
        logits.requires_grad = true;
        var kl = Lwf.Kl(Logits(s_old), logits, temperature).sum();
        kl.backward();

        var (q, p) = (Softmax(s_old, temperature), Softmax(s_new, temperature));
        Assert.Equal(q.Zip(p, (kept, learned) => kept * Math.Log(kept / learned)).Sum(), kl.item<float>(), 1e-5);
        Assert.Equal(p.Zip(q, (learned, kept) => (learned - kept) / temperature), logits.grad!.data<float>().Select(value => (double)value), (left, right) => Math.Abs(left - right) < 1e-5);
    }

    [Fact]
    public void TheLossIsTheTaskPlusTheWeightedTerm()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var input = Tiny.Model(seed: 2);
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1));
        TrainingSequence[] sequences = [new([1, 2, 3], [4, 5]), new([7], [8, 9, 10]) { Replayed = true }, new([20, 21], [26])];
        var plain = TeachingPass.Run(new ResponseLogProbs(model, false), sequences, 0, 0, model.device, optimizer).Loss;
        var lwf = new Lwf(new LwfSpec { Weight = 1.5, Temperature = 2 }, new ResponseLogProbs(input, false));

        // By hand: over the three answer tokens that are not replayed, each sequence alone.
        var sum = 0.0;
        foreach (var (prompt, response) in sequences.Where(sequence => !sequence.Replayed))
        {
            long[] ids = [.. prompt, .. response];
            using var unrecorded = torch.no_grad();
            var tokens = torch.tensor<long>(ids, 1, ids.Length);
            var (old, now) = (input.forward(tokens).view(ids.Length, -1), model.forward(tokens).view(ids.Length, -1));
            for (var i = 0; i < response.Length; i++)
            {
                var (q, p) = (Softmax(Row(old, prompt.Length - 1 + i), 2), Softmax(Row(now, prompt.Length - 1 + i), 2));
                sum += q.Zip(p, (kept, learned) => kept * Math.Log(kept / learned)).Sum();
            }
        }

        foreach (var size in new[] { 0, 1, 2 })
        {
            Assert.Equal(plain + (1.5 * 4 * sum / 3), TeachingPass.Run(new ResponseLogProbs(model, false), sequences, size, 0, model.device, optimizer, lwf: lwf).Loss, 1e-4);
        }

        Assert.Equal(plain + (1.5 * 4 * sum / 3), TeachingPass.Run(new ResponseLogProbs(model, false), sequences, 0, 0, model.device, optimizer, packTokens: 8, lwf: lwf).Loss, 1e-4);
        Assert.True(sum > 0.01);
    }

    [Fact]
    public void ItIsZeroWhileTheModelIsItsInput()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1));
        TrainingSequence[] sequences = [new([1, 2, 3], [4, 5])];
        var plain = TeachingPass.Run(new ResponseLogProbs(model, false), sequences, 0, 0, model.device, optimizer).Loss;
        var lwf = new Lwf(new LwfSpec { Weight = 100, Temperature = 2 }, new ResponseLogProbs(model, false));
        Assert.Equal(plain, TeachingPass.Run(new ResponseLogProbs(model, false), sequences, 0, 0, model.device, optimizer, lwf: lwf).Loss, 1e-5);
    }

    [Fact]
    public void LwfHoldsTheAnswersNearThoseOfTheInput()
    {
        var (plain, weak, strong) = (Old.AfterTheNew(null).Kl, Held(0.2), Held(5));
        Assert.True(strong < weak && weak < plain, $"the KL to the input is {plain} without, {weak} with a weight of 0.2, {strong} with 5");

        static double Held(double weight) => Old.AfterTheNew(new RegularizationSpec { Lwf = new LwfSpec { Weight = weight, Temperature = 2 } }).Kl;
    }

    private static Tensor Logits(double[] values) => torch.tensor<float>(Array.ConvertAll(values, value => (float)value), 1, values.Length);

    private static double[] Row(Tensor logits, int place) => Array.ConvertAll(logits.select(0, place).data<float>(), value => (double)value);

    private static double[] Softmax(double[] logits, double temperature)
    {
        var largest = logits.Max();
        var powers = Array.ConvertAll(logits, logit => Math.Exp((logit - largest) / temperature));
        return Array.ConvertAll(powers, power => power / powers.Sum());
    }
}
