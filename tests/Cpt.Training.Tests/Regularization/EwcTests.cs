using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training.Tests;

public sealed class EwcTests
{
    [Fact]
    public void ValueAndGradientAreTheFormulas()
    {
        using var scope = torch.NewDisposeScope();
        using var ewc = Two(lambda: 4);
        // 4/2 · (½ · (1 − 0)² + ¼ · (2 − 4)²) and 4 · F · (θ − θ*).
        Assert.Equal(3, ewc.Value(), 1e-6);
        Assert.Equal([2f, -2f], ewc.Gradient(0)!.data<float>());
    }

    [Fact]
    public void TheGradientIsThatOfTheValue()
    {
        using var scope = torch.NewDisposeScope();
        var parameter = torch.tensor<float>([0.3f, -1.2f, 2f], [3]);
        var (anchor, fisher) = (torch.tensor<float>([0.1f, 0.4f, -1f], [3]), torch.tensor<float>([2f, 0.5f, 0.125f], [3]));
        using var ewc = new Ewc(3, [parameter], [anchor], [fisher]);
        var gradient = ewc.Gradient(0)!.data<float>();
        for (var i = 0; i < 3; i++)
        {
            const double Small = 1.0 / 64;
            double At(double move)
            {
                parameter.narrow(0, i, 1).add_(move);
                var value = ewc.Value();
                parameter.narrow(0, i, 1).add_(-move);
                return value;
            }

            Assert.Equal((At(Small) - At(-Small)) / (2 * Small), gradient[i], 1e-3);
        }
    }

    [Fact]
    public void ThePenaltyIsClippedTogetherWithTheLoss()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        using var optimizer = new PolicyOptimizer(model, Tiny.Optimization(1) with { MaxGradientNorm = 1 });
        foreach (var parameter in model.TrainedParameters) parameter.Value.grad = torch.full(parameter.Value.shape, 0.0);
        var first = model.TrainedParameters[0].Value;
        first.grad!.view(-1).narrow(0, 0, 1).fill_(3);
        using var penalty = new Fixed(first, 4);
        optimizer.Penalty = penalty;
        // 3 from the loss at one place, 4 from the penalty at another: a norm of 5, before it is clipped.
        Assert.Equal(5, optimizer.Update(1e-3, step: 1), 1e-5);
    }

    [Fact]
    public void TheFisherInformationIsTheMeanOfSquaredGradientsOfSingleSamples()
    {
        using var scope = torch.NewDisposeScope();
        using var model = Tiny.Model();
        TrainingSequence[] sequences = [new([1, 2, 3], [4, 5]), new([7], [8, 9, 10, 11]), new([30, 31], [32])];
        var fisher = FisherInformation.Of(model, sequences, bfloat16: false, padToken: 0, () => { });

        var parameters = model.TrainedParameters.Select(parameter => parameter.Value).ToArray();
        foreach (var parameter in parameters) parameter.requires_grad = true;
        var expected = parameters.Select(parameter => new double[parameter.numel()]).ToArray();
        foreach (var (prompt, response) in sequences)
        {
            // By hand: the log-likelihood of one whole answer, from the logits of the whole sequence.
            long[] ids = [.. prompt, .. response];
            var logProbs = model.forward(torch.tensor<long>(ids, 1, ids.Length)).log_softmax(-1).view(ids.Length, -1);
            var likelihood = Enumerable.Range(0, response.Length).Select(i => logProbs.select(0, prompt.Length - 1 + i).narrow(0, response[i], 1).sum()).Aggregate((a, b) => a + b);
            likelihood.backward();
            for (var i = 0; i < parameters.Length; i++)
            {
                foreach (var (place, value) in parameters[i].grad!.data<float>().Index()) expected[i][place] += (double)value * value / sequences.Length;
                parameters[i].grad = null;
            }
        }

        for (var i = 0; i < parameters.Length; i++)
        {
            var largest = expected[i].Max();
            foreach (var (value, hand) in fisher[i].data<float>().Zip(expected[i])) Assert.Equal(hand, value, (1e-4 * largest) + 1e-9);
        }

        Assert.True(expected.Max(part => part.Max()) > 1e-3);
        foreach (var part in fisher) part.Dispose();
    }

    [Fact]
    public void SamplesAreDrawnFromAllEarlierTasksInTurns()
    {
        using var model = Tiny.Model();
        TaskSource Source(int samples) => TaskSource.Of(
            Tiny.Task([.. Enumerable.Range(0, samples).Select(i => Tiny.Sample($"{samples}-{i}", "a=", "b"))]), model, Tiny.Tokenizer, PromptStyle.Direct, replayed: true);
        TaskSource[] tasks = [Source(2), Source(30)];
        var drawn = FisherInformation.Samples(tasks, Tiny.Ewc(1, samples: 10), seed: 3);
        Assert.Equal(10, drawn.Select(one => one.Sample.Id).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal([2, 8], tasks.Select(task => drawn.Count(one => one.From == task)));
        Assert.Equal(32, FisherInformation.Samples(tasks, Tiny.Ewc(1, samples: 100), seed: 3).Count);
    }

    [Fact]
    public void EwcKeepsAnOldTaskThatPlainTrainingForgets()
    {
        var plain = Old.AfterTheNew(null);
        var held = Old.AfterTheNew(new RegularizationSpec { Ewc = Tiny.Ewc(1e5, samples: 16) });
        Assert.True(held.Loss < plain.Loss / 2, $"the old task's loss is {held.Loss} with EWC, {plain.Loss} without");
        Assert.Null(plain.Report.Penalty);
        Assert.InRange(held.Report.Penalty!.Value, 1e-6, held.Report.Loss);
    }

    [Fact]
    public void TheFirstStepOfAStageHasNoPenaltyYet()
    {
        using var model = Tiny.HalfTaught();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(2)) with { Regularization = new RegularizationSpec { Ewc = Tiny.Ewc(100) } }, model, Tiny.EvenDigits(), Tiny.HalfTaught));
        Assert.Equal(0, loop.RunStep(default).Penalty!.Value);
        Assert.True(loop.RunStep(default).Penalty > 0);
    }

    private static Ewc Two(double lambda) => new(lambda, [torch.tensor<float>([1f, 2f], [2])], [torch.tensor<float>([0f, 4f], [2])], [torch.tensor<float>([0.5f, 0.25f], [2])]);

    /// <summary>A gradient at the second element of one parameter.</summary>
    private sealed class Fixed(Tensor parameter, double value) : IWeightPenalty
    {
        public double Value() => 0;

        public Tensor? Gradient(int place)
        {
            if (place != 0) return null;
            var gradient = torch.zeros_like(parameter);
            gradient.view(-1).narrow(0, 1, 1).fill_(value);
            return gradient;
        }

        public void Dispose()
        {
        }
    }
}

/// <summary>A model that has learned one task learns another, with or without something that holds it.</summary>
internal static class Old
{
    private static TaskData Answers(string suffix, string answer) =>
        Tiny.Task([.. Enumerable.Range(0, 16).Select(i => Tiny.Sample($"s{i}", $"{(char)('a' + i)}{suffix}", answer))]);

    public static TaskData Task { get; } = Answers("=", "7");

    private static readonly TaskData s_new = Answers("+", "3");

    /// <returns>The old task's loss after the new one was learned, how far answers of the new one moved (KL to the input), and the last step.</returns>
    public static (double Loss, double Kl, StepReport Report) AfterTheNew(RegularizationSpec? terms)
    {
        using var model = Taught();
        var training = Tiny.Sft(Tiny.Optimization(30, batch: 8, rate: 3e-3)) with { Regularization = terms };
        using var loop = StageLoops.Create(Tiny.Context(training, model, s_new, Taught) with { Protected = terms?.Ewc is null ? [] : [Task] });
        StepReport report = null!;
        while (!loop.Finished) report = loop.RunStep(default);
        using var before = Taught();
        return (Loss(model), Kl(before, model), report);
    }

    public static CausalLM Taught()
    {
        var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(15, batch: 8, rate: 1e-2)), model, Task));
        while (!loop.Finished) loop.RunStep(default);
        return model;
    }

    private static double Loss(CausalLM model)
    {
        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var batch = Batch(Task);
        return -new ResponseLogProbs(model, bfloat16: false).Of(batch).mean().item<float>();
    }

    private static double Kl(CausalLM before, CausalLM model)
    {
        using var unrecorded = torch.no_grad();
        using var scope = torch.NewDisposeScope();
        using var batch = Batch(s_new);
        return Lwf.Kl(new ResponseLogProbs(before, bfloat16: false).Logits(batch), new ResponseLogProbs(model, bfloat16: false).Logits(batch), 1).mean().item<float>();
    }

    private static TokenBatch Batch(TaskData task)
    {
        var prompts = new PromptBuilder(Tiny.Tokenizer, PromptStyle.Direct);
        return TokenBatch.Of([.. task.Train.Select(sample => TrainingSequence.Of(prompts.Prompt(sample), prompts.Target(sample)))], 0, torch.CPU);
    }
}
