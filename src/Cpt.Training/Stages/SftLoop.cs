using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// Supervised fine-tuning on the task's answers.
/// <code>
/// for each step: take the next B samples of the epoch's permutation
///     loss = −1/N Σ log π(answer token | prompt, answer so far)      N = answer tokens of the whole batch, end tokens included
///     clip the gradient's norm, AdamW at the schedule's rate
/// </code>
/// Terms beside it: <see cref="Lwf"/> in the loss, <see cref="IWeightPenalty"/> in the optimizer. Prompt tokens are never targets. Cutting the batch into micro-batches changes nothing but rounding: every part is divided by the same N.
/// </summary>
internal sealed class SftLoop : StageLoop
{
    private readonly ResponseLogProbs _logProbs;
    private readonly Lazy<Lwf>? _lwf;

    public SftLoop(StageContext context)
        : base(context, context.Training.SelfDistillation?.Prompt ?? PromptStyle.Direct)
    {
        _logProbs = new ResponseLogProbs(context.Policy, Bfloat16);
        if (context.Training.Regularization?.Lwf is not { } lwf) return;
        // An adapter switched off is the input, to the bit, and takes no memory.
        _lwf = new Lazy<Lwf>(() => new Lwf(lwf, context.Policy.Adapter is null ? new ResponseLogProbs(Input, Bfloat16) : new ResponseLogProbs(context.Policy, Bfloat16) { WithoutAdapter = true }));
    }

    public override void Preflight(CancellationToken cancellationToken)
    {
        foreach (var drawn in Stream.All)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Sequence(drawn);
        }
    }

    protected override StepReport Train(int step, ref long position, CancellationToken cancellationToken)
    {
        var (start, count) = Plan.Stretch(step - 1);
        var sequences = Array.ConvertAll(Stream.Take(start, count), Sequence);
        var (loss, tokens) = TeachingPass.Run(_logProbs, sequences, Optimization.MicroBatchSize, Context.Tokenizer.PadTokenId, Device, Optimizer,
            Optimization.PackSequences ? MicroBatches.PackedTokens(Optimization, Device) : 0, Context.Workers, _lwf?.Value);
        var learningRate = LearningRate(step);
        Finite.Loss(loss, step);
        var norm = Optimizer.Update(learningRate, step);
        position = start + count;
        return new StepReport { Step = step, StepsDue = StepsDue, Loss = loss, GradientNorm = norm, LearningRate = learningRate, Tokens = tokens };
    }

    private TrainingSequence Sequence(DrawnSample drawn)
    {
        var (from, sample) = drawn;
        var prompt = from.Prompts.Prompt(sample);
        var target = !from.Replayed && Context.Responses is { } responses ? responses[drawn.Index] : from.Prompts.Target(sample);
        Limit.Check(from.Task, sample, prompt.Length, target.Length, "answer tokens");
        return TrainingSequence.Of(prompt, target) with { Replayed = from.Replayed };
    }
}
