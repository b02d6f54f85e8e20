using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

/// <summary>Several tasks in one stage: all are learned, and each is judged by its own scorer.</summary>
public sealed class JointTaskTests
{
    private static readonly JointContext s_both = new(Answers("=", "7"), Answers("+", "3"));

    [Fact]
    public void BothTasksAreLearned()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(s_both.Of(Tiny.Sft(Tiny.Optimization(80, batch: 8, rate: 1e-2)), model));
        while (!loop.Finished) loop.RunStep(default);
        var evaluator = new Evaluator(model, Tiny.Tokenizer, new EvaluationSettings { MaxResponseTokens = 3 });
        Assert.All(s_both.Tasks, task => Assert.Equal(1.0, evaluator.Score(task, ScoreKind.Task, null, default).Accuracy));
    }

    [Fact]
    public void AnEpochIsOnePassOverAllOfThem()
    {
        using var model = Tiny.Model();
        using var loop = StageLoops.Create(s_both.Of(Tiny.Sft(Tiny.Optimization(1, batch: 8) with { Steps = null, Epochs = 1 }), model));
        Assert.Equal(32 / 8, loop.StepsDue);
    }

    [Fact]
    public void TheAccuracyThatStopsTheStageIsTheMeanOverTheTasks()
    {
        using var model = Tiny.Model();
        var never = s_both.Second with { Eval = [.. s_both.Second.Eval.Select(sample => sample with { Answer = "never" })] };
        using var loop = StageLoops.Create(new JointContext(s_both.First, never).Of(
            Tiny.Sft(Tiny.Optimization(80, batch: 8, rate: 1e-2) with { StopAtAccuracy = 0.9, StopCheckSteps = 40, StopEvaluationSamples = 16 }), model));
        while (!loop.Finished) loop.RunStep(default);
        Assert.False(loop.StoppedEarly);
        Assert.Equal(0.5, loop.History.Points[^1].StopAccuracy!.Value, 0.1);
    }

    private static TaskData Answers(string suffix, string answer) =>
        Tiny.Task([.. Enumerable.Range(0, 16).Select(i => Tiny.Sample($"s{i}", $"{(char)('a' + i)}{suffix}", answer))]);

    private sealed record JointContext(TaskData First, TaskData Second)
    {
        public IEnumerable<TaskData> Tasks => [First, Second];

        public StageContext Of(TrainingSpec training, Models.CausalLM model) =>
            Tiny.Context(training with { JointTasks = [new TaskInput { Name = "second", Uri = "file:///second" }] }, model, First) with { JointTasks = [Second] };
    }
}
