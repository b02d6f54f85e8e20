using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>What a stage trains, on what, and how.</summary>
public sealed record StageContext
{
    public required TrainingSpec Training { get; init; }

    /// <summary>Trained in place; stays the caller's to save and to dispose.</summary>
    public required CausalLM Policy { get; init; }

    public required Tokenizer Tokenizer { get; init; }

    public required TaskData Task { get; init; }

    /// <summary>The data of <see cref="TrainingSpec.JointTasks"/>, in the same order.</summary>
    public IReadOnlyList<TaskData> JointTasks { get; init; } = [];

    /// <summary>The data of <see cref="ReplaySpec.Tasks"/>, in the same order.</summary>
    public IReadOnlyList<TaskData> Replayed { get; init; } = [];

    /// <summary>SFT: what is learned for each train sample of <see cref="Task"/> instead of its answer; null: the answers.</summary>
    public IReadOnlyList<int[]>? Responses { get; init; }

    /// <summary>The data of <see cref="EwcSpec.Tasks"/>, in the same order.</summary>
    public IReadOnlyList<TaskData> Protected { get; init; } = [];

    /// <summary>Loads the model the stage starts from, with the weights it had then; called at most once, and only when something is held to it. The loop disposes it.</summary>
    public Func<CausalLM>? Input { get; init; }

    /// <summary>
    /// Loads the model that <see cref="RftSpec.KlReference"/> names; called at most once, and only when it is not <c>None</c>. The loop disposes it.
    /// </summary>
    public Func<CausalLM>? Reference { get; init; }

    /// <summary>Those that train this stage together; null where this is the only one.</summary>
    public WorkerGroup? Workers { get; init; }

    /// <summary>
    /// <see cref="Reference"/> would load the weights this stage starts from. A LoRA stage then takes its policy without the adapter instead, and loads nothing.
    /// </summary>
    public bool ReferenceIsInput { get; init; }

    /// <summary>What is given for less memory.</summary>
    public MemorySpec Memory { get; init; } = new();

    /// <summary>How a reward service is called.</summary>
    public RewardCallSpec RewardCalls { get; init; } = new();

    /// <summary>Of the pauses between calls of a reward service.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Warnings for people.</summary>
    public Action<string>? Log { get; init; }
}
