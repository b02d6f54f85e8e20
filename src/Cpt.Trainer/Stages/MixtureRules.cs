using Cpt.Contract;

namespace Cpt.Trainer.Stages;

/// <summary>What stage.json may ask in vain of tasks that are mixed into one stage, and of what holds it to earlier ones.</summary>
internal static class MixtureRules
{
    public static void Check(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        refuse(training.JointTasks is { Count: 0 }, $"training.jointTasks: empty; leave it out");
        refuse(training is { JointTasks: not null, Rft.InstanceFilter: not null }, $"training.rft.instanceFilter: only for one task, and training.jointTasks names more");
        refuse(training is { JointTasks: not null, SelfDistillation: not null }, $"training.selfDistillation: only for one task, and training.jointTasks names more");
        CheckTerms(training, refuse);
        if (training.Replay is { } replay)
        {
            refuse(replay.Percentage is < 1 or > 99, $"training.replay.percentage: {replay.Percentage} is outside 1 to 99; leave training.replay out for none");
            refuse(replay.Tasks.Count == 0, $"training.replay.tasks: empty; leave training.replay out for none");
        }
    }

    private static void CheckTerms(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        const string At = "training.regularization";
        refuse(training.Regularization is { Ewc: null, Lwf: null }, $"{At}: empty; leave it out");
        if (training.Regularization?.Ewc is { } ewc)
        {
            refuse(ewc.Lambda <= 0, $"{At}.ewc.lambda: {ewc.Lambda} is too small; give more than 0");
            refuse(ewc.FisherSamples < 1, $"{At}.ewc.fisherSamples: {ewc.FisherSamples} is too small; give 1 or more");
            refuse(ewc.Tasks.Count == 0, $"{At}.ewc.tasks: empty; leave {At}.ewc out for none");
            refuse(training.Lora is not null, $"{At}.ewc: stands beside training.lora, which freezes every weight; leave one of them out");
            refuse(Precision.HalvesWeights(training.Optimization.Precision), $"{At}.ewc: training.optimization.precision {training.Optimization.Precision} rounds away how far a weight moved; give float32 or bfloat16");
        }

        if (training.Regularization?.Lwf is { } lwf)
        {
            refuse(lwf.Weight <= 0, $"{At}.lwf.weight: {lwf.Weight} is too small; give more than 0");
            refuse(lwf.Temperature <= 0, $"{At}.lwf.temperature: {lwf.Temperature} is too small; give more than 0");
            refuse(training.Method != StageMethod.SFT, $"{At}.lwf: is only for training.method SFT");
        }
    }
}
