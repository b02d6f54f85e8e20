using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

/// <summary>What a replay does to a stage: it keeps what was learned before, and every sample is judged by its own task.</summary>
public sealed class ReplayTests
{
    /// <summary>The same prompts, of which the new task wants another answer than the old one.</summary>
    private static TaskData Answers(string suffix, string answer) =>
        Tiny.Task([.. Enumerable.Range(0, 16).Select(i => Tiny.Sample($"s{i}", $"{(char)('a' + i)}{suffix}", answer))]);

    private static readonly TaskData s_old = Answers("=", "7");
    private static readonly TaskData s_new = Answers("+", "3");

    [Fact]
    public void ReplayKeepsAnOldTaskThatPlainTrainingForgets()
    {
        var (without, learnedWithout) = Accuracies(null);
        var (with, learnedWith) = Accuracies(Replay(25));
        Assert.True(without < 0.5, $"plain training keeps {without}: nothing was forgotten, so nothing is shown");
        Assert.True(with > 0.9, $"the replay keeps {with}, plain training {without}");
        Assert.Equal((1.0, 1.0), (learnedWithout, learnedWith));
    }

    [Fact]
    public void AReplayedPromptIsRewardedByItsOwnTasksScorer()
    {
        // Only the old task's answers can be right: by the new one's scorer nothing ever is.
        using var model = Taught();
        var never = Tiny.Task([.. s_new.Train.Select(sample => sample with { Accept = "never" })], scorer: "Pattern");
        var training = Tiny.Rft(Tiny.Optimization(1, batch: 20), Tiny.Grpo()) with { Replay = Replay(40) };
        using var loop = StageLoops.Create(Tiny.Context(training, model, never) with { Replayed = [s_old] });
        Assert.Equal(0.4, loop.RunStep(default).Accuracy!.Value, 1e-9);
    }

    [Fact]
    public void APreflightAsksTheStagesOwnTaskAlone()
    {
        using var model = Taught();
        var never = Tiny.Task([.. s_new.Train.Select(sample => sample with { Accept = "never" })], scorer: "Pattern");
        var training = Tiny.Rft(Tiny.Optimization(1), Tiny.Grpo() with { PreflightRollouts = 16 }) with { Replay = Replay(90) };
        using var loop = StageLoops.Create(Tiny.Context(training, model, never) with { Replayed = [s_old] });
        Assert.Equal("NoRewardSignal", Assert.Throws<StageFailureException>(() => loop.Preflight(default)).Reason);
    }

    [Fact]
    public void AReplayedSampleThatDoesNotFitIsNamedBeforeTheFirstStep()
    {
        using var model = Tiny.Model();
        var wide = Tiny.Task([Tiny.Sample("wide", "a=", new string('x', 70))]);
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(1)) with { Replay = Replay(10) }, model, s_new) with { Replayed = [wide] });
        Assert.Contains("train sample wide", Assert.Throws<StageFailureException>(() => loop.Preflight(default)).Message, StringComparison.Ordinal);
    }

    private static (double Old, double New) Accuracies(ReplaySpec? replay)
    {
        using var model = Taught();
        var training = Tiny.Sft(Tiny.Optimization(60, batch: 8, rate: 5e-3)) with { Replay = replay };
        using var loop = StageLoops.Create(Tiny.Context(training, model, s_new) with { Replayed = replay is null ? [] : [s_old] });
        while (!loop.Finished) loop.RunStep(default);
        var evaluator = new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { MaxResponseTokens = 3 });
        return (evaluator.Score(s_old, ScoreKind.Task, null, default).Accuracy, evaluator.Score(s_new, ScoreKind.Task, null, default).Accuracy);
    }

    /// <summary>A model that has learned the old task.</summary>
    private static CausalLM Taught()
    {
        var model = Tiny.Model();
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Sft(Tiny.Optimization(60, batch: 8, rate: 1e-2)), model, s_old));
        while (!loop.Finished) loop.RunStep(default);
        return model;
    }

    private static ReplaySpec Replay(int percentage) => new() { Percentage = percentage, Tasks = [new TaskInput { Name = "old", Uri = "file:///old" }] };
}
