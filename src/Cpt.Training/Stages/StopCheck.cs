using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// The accuracy that <c>stopAtAccuracy</c> is compared with: the first evaluation samples, one answer each, sampled at temperature 1 as rollouts are; of several tasks the mean over them.
/// A pure function of weights, seed and step, so that a resumed stage stops where an undisturbed one does.
/// </summary>
internal sealed class StopCheck
{
    private readonly StageContext _context;
    private readonly IReadOnlyList<TaskData> _tasks;
    private readonly EvaluationSettings _settings;

    public StopCheck(StageContext context, IReadOnlyList<TaskData> tasks, PromptStyle style, double accuracy)
    {
        var optimization = context.Training.Optimization;
        if (!(accuracy is > 0 and <= 1))
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", FormattableString.Invariant($"stopAtAccuracy: {accuracy} is not an accuracy; use 0..1, for example \"0.95\""));
        if (optimization.StopCheckSteps < 1)
            throw new StageFailureException(ExitCodes.BadSpec, "InvalidParameter", $"stopCheckSteps: {optimization.StopCheckSteps} is too small; use at least 1");
        _context = context;
        _tasks = tasks;
        _settings = new EvaluationSettings
        {
            Temperature = 1,
            MaxSamples = Math.Max(1, optimization.StopEvaluationSamples),
            MaxResponseTokens = context.Training.Rft?.MaxResponseTokens ?? context.Training.SelfDistillation?.MaxResponseTokens ?? tasks.Max(task => LongestAnswer(context, task)),
            Prompt = style,
        };
    }

    public double Accuracy(int step, CancellationToken cancellationToken)
    {
        var settings = _settings with { Seed = Seeds.Of(_context.Training.Seed, Seeds.Purpose.StopCheck, step) };
        var evaluator = new Evaluator(_context.Policy, _context.Tokenizer, settings, _context.Workers);
        return _tasks.Average(task => evaluator.Score(task, ScoreKind.Task, previous: null, cancellationToken).Accuracy);
    }

    // SFT states no response limit: nothing longer than the longest right answer can be right, as far as the task shows.
    private static int LongestAnswer(StageContext context, TaskData task)
    {
        var prompts = new PromptBuilder(context.Tokenizer, PromptStyle.Direct);
        return task.Train.Concat(task.Eval).Max(sample => prompts.Target(sample).Length);
    }
}
