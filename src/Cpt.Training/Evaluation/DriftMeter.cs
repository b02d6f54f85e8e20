using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training;

/// <summary>
/// How far a model has moved from the base model: the forward divergence KL(π_base ‖ π) in nats a token, at every place of responses that the base model itself gives to a task's first evaluation prompts,
/// sampled at temperature 1:
/// <code>mean over tokens t of Σ_v π_base(v | t) · (log π_base(v | t) − log π(v | t))</code>
/// The sum runs over the whole vocabulary, so the responses alone are sampled, and they are the same after every stage: a frozen probe. On the new task's prompts this predicts forgetting (arXiv:2509.04259); on earlier tasks' prompts it
/// is what has happened to them.
/// </summary>
/// <param name="baseModel">π_base; draws the responses.</param>
/// <param name="model">π.</param>
/// <param name="tokenizer">Of both.</param>
/// <param name="settings">How prompts are put, how long responses are, and the seed.</param>
/// <param name="workers">Those that draw together; all get the same figure.</param>
public sealed class DriftMeter(CausalLM baseModel, CausalLM model, Tokenizer tokenizer, EvaluationSettings settings, WorkerGroup? workers = null)
{
    /// <summary>Numbers of one tensor of logits; a vocabulary of 150,000 then has some 50 places at a time.</summary>
    private const long MostLogits = 8L << 20;

    /// <param name="task">Whose evaluation prompts are asked.</param>
    /// <param name="prompts">How many of them, from the first on.</param>
    /// <param name="cancellationToken">Ends the measurement between passes.</param>
    /// <exception cref="StageFailureException"><c>NonFiniteLoss</c>: a model answers NaN; otherwise as of <see cref="Evaluator.Score"/>.</exception>
    public DriftScore Measure(TaskData task, int prompts, CancellationToken cancellationToken)
    {
        var samples = task.Eval.Take(prompts).ToArray();
        var builder = PromptBuilder.Of(task, baseModel, tokenizer, settings.Prompt);
        var asked = Array.ConvertAll(samples, builder.Prompt);
        var rows = Responses(task, builder, asked, cancellationToken);
        var sequences = asked.Zip(rows, (prompt, row) => TrainingSequence.Of(prompt, row.Tokens)).Where(sequence => sequence.Response.Length > 0).ToArray();

        using var none = torch.no_grad();
        var device = model.device;
        var (sum, tokens) = (0.0, 0L);
        foreach (var pass in MicroBatches.Split(sequences, 0, device))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var scope = torch.NewDisposeScope();
            using var batch = TokenBatch.Of(Array.ConvertAll(pass, i => sequences[i]), padToken: 0, device);
            sum += Divergence(batch);
            tokens += batch.ResponseTokens;
        }

        if (!double.IsFinite(sum))
        {
            throw new StageFailureException(ExitCodes.BadData, "NonFiniteLoss", $"while the drift on task {task.Name} was measured, the divergence from the base model was {sum}; the weights have diverged");
        }

        return new DriftScore { Task = task.Name, TaskDigest = task.Digest, Kl = tokens == 0 ? 0 : sum / tokens, Prompts = samples.Length, Tokens = tokens };
    }

    /// <summary>Σ over the response tokens of one pass.</summary>
    private double Divergence(TokenBatch batch)
    {
        var (before, now) = (Hidden(baseModel, batch), Hidden(model, batch));
        var places = batch.ResponseTokens;
        var at = (int)Math.Clamp(MostLogits / model.Config.VocabSize, 1, places);
        var sum = 0.0;
        for (var start = 0; start < places; start += at)
        {
            using var scope = torch.NewDisposeScope();
            var count = Math.Min(at, places - start);
            var reference = LogProbabilities(baseModel, before.narrow(0, start, count));    // [count, V]
            var policy = LogProbabilities(model, now.narrow(0, start, count));              // [count, V]
            sum += (reference.exp() * (reference - policy)).sum().to(ScalarType.Float64).item<double>();
        }

        return sum;
    }

    private static Tensor Hidden(CausalLM model, TokenBatch batch)
    {
        var hidden = model.hidden(batch.InputIds, null, ImageInput.Of(batch.Images, null, model.Config, batch.InputIds.device)); // [rows, width, D]
        return hidden.view(-1, hidden.size(-1)).index_select(0, batch.Positions);                                             // [N, D]
    }

    private static Tensor LogProbabilities(CausalLM model, Tensor hidden) => torch.nn.functional.log_softmax(model.lm_head(hidden).to(ScalarType.Float32), -1);

    private IReadOnlyList<GeneratedRow> Responses(TaskData task, PromptBuilder builder, ModelPrompt[] asked, CancellationToken cancellationToken)
    {
        var room = baseModel.Config.MaxPositionEmbeddings - asked.Max(prompt => prompt.Length);
        if (room < 1)
        {
            throw new StageFailureException(ExitCodes.BadData, "SampleTooLong", $"task {task.Name}: a prompt leaves no room for a response in the model's context of {baseModel.Config.MaxPositionEmbeddings}");
        }

        var request = new GenerationRequest
        {
            Prompts = Array.ConvertAll(asked, prompt => prompt.Tokens),
            Images = ModelPrompt.ImagesOf(asked),
            MaxNewTokens = Math.Min(settings.MaxResponseTokens, room),
            Temperature = 1,
            StopTokens = builder.StopTokens(baseModel.Config),
            Seed = settings.DriftSeed,
            BatchSize = settings.BatchSize,
            Threads = settings.Threads,
        };
        try
        {
            return new RowGenerator(baseModel, workers).Generate(request, cancellationToken);
        }
        catch (NonFiniteLogitsException exception)
        {
            throw new StageFailureException(ExitCodes.BadData, "NonFiniteLoss", $"while the base model answered task {task.Name}, {exception.Message} or were never sound", exception);
        }
    }
}
