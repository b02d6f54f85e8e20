using Cpt.Contract;
using Cpt.Training;

namespace Cpt.Trainer.Stages;

/// <summary>A policy and the loop that trains it.</summary>
internal sealed class PolicyTraining : IDisposable
{
    private PolicyTraining(LoadedModel policy, IStageLoop loop)
    {
        Policy = policy;
        Loop = loop;
    }

    public LoadedModel Policy { get; }

    public IStageLoop Loop { get; }

    /// <param name="directory">Weights to start from.</param>
    /// <param name="spec">What is trained.</param>
    /// <param name="tasks">On what.</param>
    /// <param name="responses">What is learned instead of the answers of the first of them; null: the answers.</param>
    /// <param name="input">Directory of the model the stage starts from; null where nothing is held to it.</param>
    /// <param name="reference">Directory of the KL reference; null when there is none.</param>
    /// <param name="referenceIsInput">The reference is the stage's input.</param>
    /// <param name="workers">Those that train together; null for one alone.</param>
    /// <param name="log">Warnings for people.</param>
    public static PolicyTraining Start(
        string directory, StageSpec spec, StageTasks tasks, IReadOnlyList<int[]>? responses, string? input, string? reference, bool referenceIsInput, WorkerGroup? workers, Action<string> log)
    {
        var policy = LoadedModel.Load(directory, spec);
        try
        {
            var loop = StageLoops.Create(new StageContext
            {
                Training = spec.Training,
                Policy = policy.Model,
                Tokenizer = policy.Tokenizer,
                Task = tasks.Own[0],
                JointTasks = [.. tasks.Own.Skip(1)],
                Replayed = tasks.Replayed,
                Responses = responses,
                Protected = tasks.Protected,
                Input = input is null ? null : () => LoadedModel.Load(input, spec).Model,
                Reference = reference is null ? null : () => LoadedModel.Load(reference, spec).Model,
                Workers = workers,
                ReferenceIsInput = referenceIsInput,
                Memory = spec.Memory ?? new MemorySpec(),
                RewardCalls = spec.RewardCalls ?? new RewardCallSpec(),
                Log = log,
            });
            return new PolicyTraining(policy, loop);
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        Loop.Dispose();
        Policy.Dispose();
    }
}
