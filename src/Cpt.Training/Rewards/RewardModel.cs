using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>
/// Verifiable rewards (arXiv:2507.05386): total = accuracyWeight · accuracy + formatWeight · format under <c>ChainOfThought</c>, where the
/// scorer judges what stands in <c>\boxed{}</c>; accuracyWeight · accuracy under <c>Direct</c>, where it judges the raw response. Further scorers judge the same text, a
/// <see cref="RewardService"/> the whole response; each adds weight · verdict.
/// </summary>
public sealed class RewardModel(IScorer scorer, PromptStyle style, double accuracyWeight = 1, double formatWeight = 0) : IDisposable
{
    private IReadOnlyList<(IScorer Scorer, double Weight)> _components = [];
    private RewardService? _service;
    private double _serviceWeight;

    /// <summary>What a stage's rollouts earn.</summary>
    /// <exception cref="TaskDataException">A component cannot judge a sample of the train split.</exception>
    internal static RewardModel Of(StageContext context, TaskData task, RftSpec rft) => Of(task, rft, context.RewardCalls, context.Workers, context.Time, context.Log);

    /// <summary>The same for rollouts before the stage's first step.</summary>
    /// <exception cref="TaskDataException">A component cannot judge a sample of the train split.</exception>
    internal static RewardModel Of(TaskData task, RftSpec rft, RewardCallSpec calls, WorkerGroup? workers, TimeProvider time, Action<string>? log) => new(task.Scorer, rft.Prompt, rft.AccuracyWeight, rft.FormatWeight)
    {
        _components = [.. (rft.RewardComponents ?? []).Select((component, place) => (Judge(task, component, place), component.Weight))],
        _service = rft.RewardService is { } service ? new RewardService(service, calls, task.Name, workers, time, log) : null,
        _serviceWeight = rft.RewardService?.Weight ?? 0,
    };

    /// <summary>What scorers say of one response.</summary>
    public Reward Of(Sample sample, string response)
    {
        if (style == PromptStyle.Direct)
        {
            var accuracy = scorer.Score(sample, response);
            return new Reward(accuracy, 1, (accuracyWeight * accuracy) + Further(sample, response));
        }

        // In its box, so that a scorer that wants one finds it.
        var boxed = FinalAnswer.LastBoxed(response) is { } content ? $"\\boxed{{{content}}}" : null;
        var right = boxed is null ? 0 : scorer.Score(sample, boxed);
        var format = AnswerFormat.IsWellFormed(response) ? 1.0 : 0.0;
        return new Reward(right, format, (accuracyWeight * right) + (formatWeight * format) + (boxed is null ? 0 : Further(sample, boxed)));
    }

    /// <summary>What each rollout earns, the service's verdict included.</summary>
    /// <exception cref="StageFailureException"><c>RewardServiceUnavailable</c>, <c>RewardServiceRefused</c>, <c>BadReward</c>.</exception>
    internal Reward[] Of(IReadOnlyList<(Sample Sample, string Response)> rollouts, CancellationToken cancellationToken)
    {
        var rewards = rollouts.Select(rollout => Of(rollout.Sample, rollout.Response)).ToArray();
        if (_service is null)
            return rewards;

        var verdicts = _service.Judge(rollouts, cancellationToken);
        for (var i = 0; i < rewards.Length; i++)
            rewards[i] = rewards[i] with { Total = rewards[i].Total + (_serviceWeight * verdicts[i]) };
        return rewards;
    }

    public void Dispose() => _service?.Dispose();

    private double Further(Sample sample, string response)
    {
        var sum = 0.0;
        foreach (var (component, weight) in _components)
            sum += weight * component.Score(sample, response);
        return sum;
    }

    private static IScorer Judge(TaskData task, RewardComponentSpec component, int place)
    {
        var judge = Scorers.Get(component.Scorer);
        foreach (var sample in task.Train)
        {
            if (judge.Problem(sample) is { } problem)
                throw new TaskDataException($"task {task.Name}: scorer {component.Scorer} of rft.reward.components[{place}] cannot judge train sample '{sample.Id}': {problem}");
        }

        return judge;
    }
}
