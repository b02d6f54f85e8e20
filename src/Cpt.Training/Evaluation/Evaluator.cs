using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>Scores a model on tasks: one cell of the accuracy matrix at a time, with a record for every sample.</summary>
/// <param name="model">Scored.</param>
/// <param name="tokenizer">Of the model.</param>
/// <param name="settings">How a task is scored.</param>
/// <param name="workers">Those that score together, each a share of the samples; all get the same score.</param>
public sealed class Evaluator(CausalLM model, Tokenizer tokenizer, EvaluationSettings settings, WorkerGroup? workers = null)
{
    private const int KeptCharacters = 256;

    /// <param name="task">Its evaluation split is scored by its scorer.</param>
    /// <param name="kind">Learned task or benchmark.</param>
    /// <param name="previous">The same task's score in the previous row, with records, to count flips against.</param>
    /// <param name="cancellationToken">Ends generation between tokens.</param>
    /// <exception cref="StageFailureException">
    /// <c>ImagesUnsupported</c>, <c>BadImage</c>: the model cannot read the task's images; <c>SampleTooLong</c>: a prompt leaves no room for a response in the model's context; <c>NonFiniteLoss</c>: the model answers NaN.
    /// </exception>
    public TaskScore Score(TaskData task, ScoreKind kind, TaskScore? previous, CancellationToken cancellationToken)
    {
        var samples = settings.MaxSamples > 0 ? task.Eval.Take(settings.MaxSamples).ToArray() : [.. task.Eval];
        var prompts = PromptBuilder.Of(task, model, tokenizer, settings.Prompt);
        var rewards = new RewardModel(task.Scorer, settings.Prompt);
        var asked = Array.ConvertAll(samples, prompts.Prompt);
        var request = new GenerationRequest
        {
            Prompts = Array.ConvertAll(asked, prompt => prompt.Tokens),
            Images = ModelPrompt.ImagesOf(asked),
            MaxNewTokens = ResponseTokens(task, samples, asked),
            Temperature = settings.Temperature,
            StopTokens = prompts.StopTokens(model.Config),
            Seed = settings.Seed,
            BatchSize = settings.BatchSize,
            Threads = settings.Threads,
        };
        var rows = Responses(task, request, cancellationToken);

        var records = new SampleRecord[samples.Length];
        var sum = 0.0;
        for (var i = 0; i < samples.Length; i++)
        {
            var response = prompts.Text(rows[i]);
            var score = rewards.Of(samples[i], response).Accuracy;
            sum += score;
            records[i] = new SampleRecord(samples[i].Id, score, Shortened(response));
        }

        var row = new TaskScore
        {
            Task = task.Name,
            Kind = kind,
            TaskDigest = task.Digest,
            Accuracy = sum / samples.Length,
            Samples = samples.Length,
            Records = records,
        };
        var flips = Flips.Count(previous, row);
        return row with { LostFromPrevious = flips?.Lost, GainedFromPrevious = flips?.Gained };
    }

    /// <summary>
    /// Makes every prompt that <see cref="Score"/> would, without asking the model: what cannot be scored is better known before the training than after it.
    /// </summary>
    /// <exception cref="StageFailureException">As of <see cref="Score"/>.</exception>
    public void Check(TaskData task)
    {
        var prompts = PromptBuilder.Of(task, model, tokenizer, settings.Prompt);
        var samples = settings.MaxSamples > 0 ? task.Eval.Take(settings.MaxSamples).ToArray() : [.. task.Eval];
        ResponseTokens(task, samples, Array.ConvertAll(samples, prompts.Prompt));
    }

    private IReadOnlyList<GeneratedRow> Responses(TaskData task, GenerationRequest request, CancellationToken cancellationToken)
    {
        try
        {
            return new RowGenerator(model, workers).Generate(request, cancellationToken);
        }
        catch (NonFiniteLogitsException exception)
        {
            throw new StageFailureException(
                ExitCodes.BadData, "NonFiniteLoss", $"while task {task.Name} was scored, {exception.Message} or were never sound", exception);
        }
    }

    private int ResponseTokens(TaskData task, Sample[] samples, ModelPrompt[] prompts)
    {
        var context = model.Config.MaxPositionEmbeddings;
        var longest = 0;
        for (var i = 1; i < prompts.Length; i++)
        {
            if (prompts[i].Length > prompts[longest].Length) longest = i;
        }

        var room = context - prompts[longest].Length;
        if (room >= 1) return Math.Min(settings.MaxResponseTokens, room);
        throw new StageFailureException(
            ExitCodes.BadData, "SampleTooLong",
            $"task {task.Name}, eval sample {samples[longest].Id}: {prompts[longest].Length} prompt tokens leave no room for a response in the model's context of {context}");
    }

    private static string Shortened(string response)
    {
        if (response.Length <= KeptCharacters) return response;
        // Never half a surrogate pair: the record is written as UTF-8.
        var end = char.IsHighSurrogate(response[KeptCharacters - 1]) ? KeptCharacters - 1 : KeptCharacters;
        return response[..end];
    }
}
