using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// The diagonal of the empirical Fisher information, F_i = 1/M Σ_m (∂ log π(answer_m | prompt_m) / ∂θ_i)², over M train samples of the tasks, one backward pass each: a square of a sum over samples
/// would be something else. The answers are the task's own: they are what is to be kept, they need no sampling, and so the estimate is a function of seed and weights. Where the model has
/// learned its tasks, the answers it would sample are the same.
/// </summary>
internal static class FisherInformation
{
    /// <param name="model">At the weights that are to be kept; its trained parameters get gradients here.</param>
    /// <param name="sequences">Prompts with their answers.</param>
    /// <param name="bfloat16">Compute in bfloat16 where autocast allows.</param>
    /// <param name="padToken">Of the tokenizer.</param>
    /// <param name="stopped">Called before each sample; may throw.</param>
    /// <returns>In the order and the shapes of the trained parameters.</returns>
    public static Tensor[] Of(CausalLM model, IReadOnlyList<TrainingSequence> sequences, bool bfloat16, int padToken, Action stopped)
    {
        var parameters = model.TrainedParameters.Select(parameter => parameter.Value).ToArray();
        foreach (var parameter in parameters) parameter.requires_grad = true;
        var logProbs = new ResponseLogProbs(model, bfloat16);
        var fisher = Array.ConvertAll(parameters, parameter => torch.zeros_like(parameter, ScalarType.Float32).DetachFromDisposeScope());
        try
        {
            foreach (var sequence in sequences)
            {
                stopped();
                using var scope = torch.NewDisposeScope();
                using var batch = TokenBatch.Of([sequence], padToken, model.device);
                logProbs.Of(batch).sum().backward();
                using var unrecorded = torch.no_grad();
                for (var i = 0; i < parameters.Length; i++)
                {
                    if (parameters[i].grad is { } gradient) fisher[i].addcmul_(gradient, gradient, 1.0 / sequences.Count);
                    parameters[i].grad = null;
                }
            }
        }
        catch
        {
            foreach (var part in fisher) part.Dispose();
            throw;
        }

        foreach (var parameter in parameters) parameter.requires_grad = false;
        return fisher;
    }

    /// <summary>Train samples of the tasks, which take turns; a task that has no more is passed over.</summary>
    public static IReadOnlyList<DrawnSample> Samples(IReadOnlyList<TaskSource> tasks, EwcSpec ewc, long seed)
    {
        var orders = tasks.Select((source, lane) => new DataOrder(source.Task.Train.Count, seed, Seeds.Purpose.Fisher, lane)).ToArray();
        var drawn = new List<DrawnSample>();
        for (var turn = 0; drawn.Count < ewc.FisherSamples && tasks.Any(source => turn < source.Task.Train.Count); turn++)
        {
            for (var task = 0; task < tasks.Count && drawn.Count < ewc.FisherSamples; task++)
            {
                if (turn < tasks[task].Task.Train.Count) drawn.Add(new DrawnSample(tasks[task], tasks[task].Task.Train[orders[task].At(turn)]));
            }
        }

        return drawn;
    }
}
