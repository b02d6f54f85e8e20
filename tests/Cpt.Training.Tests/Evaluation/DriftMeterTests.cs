using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class DriftMeterTests
{
    private static readonly EvaluationSettings s_settings = new() { MaxResponseTokens = 3, DriftSeed = 4, Threads = 1 };

    [Fact]
    public void AModelHasNotMovedFromItself()
    {
        using var model = Tiny.HalfTaught();
        var drift = new DriftMeter(model, model, Tiny.Tokenizer, s_settings).Measure(Tiny.EvenDigits(), 20, default);
        Assert.InRange(drift.Kl, -1e-6, 1e-6);
        Assert.Equal(20, drift.Prompts);
        Assert.Equal(Tiny.EvenDigits().Digest, drift.TaskDigest);
    }

    [Fact]
    public void ItIsTheDivergenceSummedOverTheWholeVocabularyAtEveryTokenTheBaseModelSaid()
    {
        using var before = Tiny.HalfTaught();
        using var now = Tiny.Model(seed: 9);
        var task = Tiny.EvenDigits();
        var prompts = PromptBuilder.Of(task, before, Tiny.Tokenizer, Contract.PromptStyle.Direct);
        int[][] asked = [.. task.Eval.Take(5).Select(sample => prompts.Prompt(sample).Tokens)];
        var rows = new TextGenerator(before).Generate(new GenerationRequest { Prompts = asked, MaxNewTokens = 3, Temperature = 1, StopTokens = prompts.StopTokens(before.Config), Seed = 4 }).Rows;

        var (sum, tokens) = (0.0, 0);
        using var none = torch.no_grad();
        for (var i = 0; i < asked.Length; i++)
        {
            long[] all = [.. asked[i].Concat(rows[i].Tokens).Select(id => (long)id)];
            double[][] Probabilities(CausalLM model) => [.. Enumerable.Range(0, rows[i].Tokens.Length).Select(t =>
            {
                // Token by token, without the batch and the shortcuts of the meter.
                using var scope = torch.NewDisposeScope();
                var seen = torch.tensor<long>(all[..(asked[i].Length + t)], [1, asked[i].Length + t]);
                var logits = model.lm_head(model.hidden(seen)).to(ScalarType.Float64).data<double>().ToArray()[^model.Config.VocabSize..];
                var total = logits.Sum(Math.Exp);
                return logits.Select(logit => Math.Exp(logit) / total).ToArray();
            })];
            foreach (var (p, q) in Probabilities(before).Zip(Probabilities(now)))
            {
                sum += p.Zip(q, (a, b) => a * Math.Log(a / b)).Sum();
                tokens++;
            }
        }

        var drift = new DriftMeter(before, now, Tiny.Tokenizer, s_settings).Measure(task, 5, default);
        Assert.Equal(tokens, drift.Tokens);
        Assert.Equal(sum / tokens, drift.Kl, 1e-5);
        Assert.True(drift.Kl > 0.1, "two unlike models lie apart");
    }

    [Fact]
    public void TheProbeIsTheSameForEveryModelAndWhatMovedFurtherLiesFurtherAway()
    {
        using var before = Tiny.HalfTaught();
        using var near = Tiny.HalfTaught();
        using var far = Tiny.HalfTaught();
        Move(near, 0.01);
        Move(far, 0.05);
        var (a, b) = (Measure(near), Measure(far));
        Assert.Equal(a.Tokens, b.Tokens);
        Assert.True(b.Kl > 2 * a.Kl && a.Kl > 0, $"{a.Kl} and {b.Kl}");

        Contract.DriftScore Measure(CausalLM model) => new DriftMeter(before, model, Tiny.Tokenizer, s_settings).Measure(Tiny.EvenDigits(), 20, default);

        static void Move(CausalLM model, double by)
        {
            using var none = torch.no_grad();
            using var scope = torch.NewDisposeScope();
            foreach (var weight in model.Parameters)
            {
                weight.Value.mul_(1 + by);
            }
        }
    }
}
