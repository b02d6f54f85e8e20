using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Trainer.Stages;

/// <summary>The data a stage trains on, brought to this machine.</summary>
/// <param name="Own">What it learns; more than one where tasks are learned together.</param>
/// <param name="Replayed">Of earlier stages.</param>
/// <param name="Protected">Of earlier stages: what the weights are held to is estimated on them.</param>
internal sealed record StageTasks(IReadOnlyList<TaskData> Own, IReadOnlyList<TaskData> Replayed, IReadOnlyList<TaskData> Protected)
{
    /// <exception cref="StageFailureException">One of them does not exist, or is not what the stage was planned with.</exception>
    public static async Task<StageTasks> LoadAsync(TrainingSpec training, StageInputs inputs, CancellationToken cancellationToken) => new(
        await AllAsync([training.Task, .. training.JointTasks ?? []], inputs, cancellationToken),
        await AllAsync(training.Replay?.Tasks ?? [], inputs, cancellationToken),
        await AllAsync(training.Regularization?.Ewc?.Tasks ?? [], inputs, cancellationToken));

    private static async Task<IReadOnlyList<TaskData>> AllAsync(IReadOnlyList<TaskInput> wanted, StageInputs inputs, CancellationToken cancellationToken)
    {
        var tasks = new List<TaskData>();
        foreach (var task in wanted)
        {
            tasks.Add(await inputs.TaskAsync(task, cancellationToken));
        }

        return tasks;
    }
}
