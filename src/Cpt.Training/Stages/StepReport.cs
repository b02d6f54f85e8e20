namespace Cpt.Training;

/// <summary>What one step did. Values that its method does not have are null.</summary>
public sealed record StepReport
{
    /// <summary>Steps done, this one included.</summary>
    public required int Step { get; init; }

    public required int StepsDue { get; init; }

    /// <summary>Mean over the step's optimizer updates, penalties included.</summary>
    public required double Loss { get; init; }

    /// <summary>Part of the loss that is a function of the weights alone, at the step's beginning; null where there is none.</summary>
    public double? Penalty { get; init; }

    /// <summary>Global L2 norm before clipping; the largest of the step's updates.</summary>
    public required double GradientNorm { get; init; }

    public required double LearningRate { get; init; }

    /// <summary>Tokens of this step: fed to training forward passes and, in RFT, sampled.</summary>
    public required long Tokens { get; init; }

    /// <summary>Mean total reward of every rollout drawn, dropped groups included.</summary>
    public double? Reward { get; init; }

    /// <summary>Standard deviation of the total reward over the same rollouts.</summary>
    public double? RewardStd { get; init; }

    /// <summary>Mean accuracy part of the reward.</summary>
    public double? Accuracy { get; init; }

    /// <summary>Estimated KL(policy ‖ reference), mean over tokens; only with a reference.</summary>
    public double? Kl { get; init; }

    /// <summary>Fraction of tokens whose ratio was clipped.</summary>
    public double? ClipFraction { get; init; }

    /// <summary>Mean length of a rollout.</summary>
    public double? ResponseTokens { get; init; }

    /// <summary>Groups whose rewards were all equal, which teach nothing.</summary>
    public int? EqualGroups { get; init; }

    /// <summary>Set on the steps at which <c>stopAtAccuracy</c> was looked at.</summary>
    public double? StopAccuracy { get; init; }
}
