using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>Valid values that a test changes in one place.</summary>
internal static class A
{
    public static StageSpec Spec(Func<TrainingSpec, TrainingSpec>? training = null)
    {
        var input = new ModelInput { Uri = "file:///models/base", Digest = new string('a', 64) };
        var trained = new TrainingSpec
        {
            Method = StageMethod.SFT,
            Task = new TaskInput { Name = "parity", Uri = "generated://digits/parity?seed=1" },
            Optimization = new OptimizationSpec { LearningRate = 1e-3, BatchSize = 4, Steps = 3 },
            Seed = 7,
        };
        trained = training?.Invoke(trained) ?? trained;
        return new StageSpec
        {
            Namespace = "default",
            Run = "demo",
            Stage = "first",
            Index = 0,
            Attempt = 1,
            StageHash = Digests.StageHash(input.Digest, trained),
            StorageUri = "file:///checkpoints/demo",
            BaseModel = input,
            Input = input,
            Training = trained,
            Checkpoint = new CheckpointSpec { IntervalSteps = 2 },
            Evaluation = new EvaluationSpec(),
        };
    }

    public static StageResult Result(string? message = null) => new()
    {
        Stage = "first",
        Attempt = 1,
        StageHash = new string('b', 40),
        ExitCode = ExitCodes.Done,
        Reason = "Completed",
        Message = message,
    };

    public static StageProgress Progress() => new() { Stage = "first", Attempt = 1, Phase = TrainerPhase.Starting };
}
