using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Trains a small model from random weights on a stream of demonstrations: token-mean loss over a step's whole batch, AdamW, warm-up and decay.
/// Prompts have the form that stages and evaluation give them, so that the result is a base model for both.
/// </summary>
public sealed class Pretrainer : IDisposable
{
    private readonly Tokenizer _tokenizer;
    private readonly Func<long, IReadOnlyList<Demonstration>> _corpus;
    private readonly PretrainingOptions _options;
    private readonly PromptBuilder _prompts;
    private readonly DrawnPictures? _pictures;
    private readonly ResponseLogProbs _logProbs;
    private readonly PolicyOptimizer _optimizer;
    private readonly CausalLM _model;

    /// <param name="model">Trained in place; stays the caller's.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <param name="corpus">The batch of a 0-based step, for example <see cref="ICorpus.Batch"/>.</param>
    /// <param name="options">Steps, rate and what is learned.</param>
    public Pretrainer(CausalLM model, Tokenizer tokenizer, Func<long, IReadOnlyList<Demonstration>> corpus, PretrainingOptions options)
    {
        _model = model;
        _tokenizer = tokenizer;
        _corpus = corpus;
        _options = options;
        _pictures = ImageProcessor.Of(model) is { } processor ? new DrawnPictures(model.Config, processor) : null;
        _prompts = new PromptBuilder(tokenizer, PromptStyle.Direct, _pictures);
        _logProbs = new ResponseLogProbs(model, bfloat16: false);
        _optimizer = new PolicyOptimizer(model, options.Optimization);
    }

    /// <summary>Steps done.</summary>
    public int Step { get; private set; }

    public bool Finished => Step >= _options.Steps;

    /// <exception cref="StageFailureException"><c>NonFiniteLoss</c> or <c>NonFiniteGradient</c>.</exception>
    public StepReport RunStep()
    {
        var step = Step + 1;
        var sequences = _corpus(Step).Select(Sequence).ToArray();
        var (loss, tokens) = TeachingPass.Run(_logProbs, sequences, _options.MicroBatchSize, _tokenizer.PadTokenId, _model.device, _optimizer);
        Finite.Loss(loss, step);
        var learningRate = LearningRates.At(_options.Optimization, Step, _options.Steps);
        var norm = _optimizer.Update(learningRate, step);
        Step = step;
        return new StepReport { Step = step, StepsDue = _options.Steps, Loss = loss, GradientNorm = norm, LearningRate = learningRate, Tokens = tokens };
    }

    public void Dispose() => _optimizer.Dispose();

    private TrainingSequence Sequence(Demonstration demonstration)
    {
        var shown = demonstration.Picture is not null;
        if (shown && _pictures is null)
        {
            throw new StageFailureException(ExitCodes.BadSpec, "ImagesUnsupported", $"the corpus shows pictures, but the model (model_type {_model.Config.ModelType}) has no vision tower");
        }

        _pictures?.Next = demonstration.Picture;
        var sample = new Sample { Id = "", Messages = [new TaskMessage("user", demonstration.Prompt)], Answer = demonstration.Answer, Images = shown ? [DrawnPictures.Name] : [] };
        var prompt = _prompts.Prompt(sample);
        var answer = _prompts.Target(sample);
        // The first token has nothing before it to be predicted from.
        return _options.LearnPrompts && !shown && prompt.Length > 1 ? new TrainingSequence(prompt.Tokens[..1], [.. prompt.Tokens[1..], .. answer]) : TrainingSequence.Of(prompt, answer);
    }
}
