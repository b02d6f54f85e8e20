using Cpt.Contract;

namespace Cpt.Trainer.Stages;

/// <summary>What stage.json may ask in vain of tasks that are mixed into one stage.</summary>
internal static class MixtureRules
{
    public static void Check(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        refuse(training.JointTasks is { Count: 0 }, $"training.jointTasks: empty; leave it out");
        refuse(training is { JointTasks: not null, Rft.InstanceFilter: not null }, $"training.rft.instanceFilter: only for one task, and training.jointTasks names more");
        refuse(training is { JointTasks: not null, SelfDistillation: not null }, $"training.selfDistillation: only for one task, and training.jointTasks names more");
        if (training.Replay is { } replay)
        {
            refuse(replay.Percentage is < 1 or > 99, $"training.replay.percentage: {replay.Percentage} is outside 1 to 99; leave training.replay out for none");
            refuse(replay.Tasks.Count == 0, $"training.replay.tasks: empty; leave training.replay out for none");
        }
    }
}
