using Cpt.Contract;

namespace Cpt.Training;

/// <summary>
/// SFT on the policy's own valid rollouts: rejection sampling (RAFT, Dong et al. 2023, arXiv:2304.06767; Yuan et al. 2023, arXiv:2308.01825), with one round a stage.
/// <code>
/// before step 1, for each train sample x: draw y_1 … y_K from the stage's input policy, rewards r_1 … r_K
///     valid = { y_i : finished, of the form asked for, graded right, r_i ≥ minimumReward }
///     One: learn the valid y_i that earned most          All: learn every valid y_i, as often as it was drawn
///     none valid: the sample is dropped
/// then SFT on these pairs instead of the task's answers
/// </code>
/// The targets are what the model says already, so that learning them moves it less than learning foreign ones (arXiv:2509.04259).
/// </summary>
public static class SelfDistillation
{
    /// <returns>Places of the rollouts that are learned, ascending.</returns>
    public static IReadOnlyList<int> Learned(IReadOnlyList<RolloutRecord> rollouts, double minimumReward, double formatWeight, ValidRollouts? perSample)
    {
        if (perSample is null) return [];
        var valid = Enumerable.Range(0, rollouts.Count).Where(i => rollouts[i].Finished && rollouts[i].Solves(minimumReward, formatWeight)).ToArray();
        return perSample == ValidRollouts.All || valid.Length == 0 ? valid : [valid.MaxBy(i => rollouts[i].Reward)];
    }
}
