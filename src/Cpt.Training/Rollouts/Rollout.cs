using Cpt.Tasks;

namespace Cpt.Training;

/// <summary>A sampled response and what it earned.</summary>
/// <param name="Sequence">Prompt and response tokens.</param>
/// <param name="Text">The response as text.</param>
/// <param name="Reward">What it earned.</param>
/// <param name="Finished">False when it was cut at the response limit.</param>
internal sealed record Rollout(TrainingSequence Sequence, string Text, Reward Reward, bool Finished);

/// <summary>The rollouts of one prompt with their advantages.</summary>
internal sealed class RolloutGroup
{
    public required Sample Sample { get; init; }

    public required IReadOnlyList<Rollout> Rollouts { get; init; }

    /// <summary>One per rollout.</summary>
    public required double[] Advantages { get; init; }

    /// <summary>All rewards equal: without a KL term there is nothing to learn here.</summary>
    public required bool AllEqual { get; init; }

    /// <summary>Some advantage is not zero. ReMax learns from equal rewards too, when they differ from the greedy one's.</summary>
    public bool Teaches => Advantages.AsSpan().ContainsAnyExcept(0.0);
}
