namespace Cpt.Training;

/// <summary>What a step's rollouts look like as a whole, dropped groups included: the numbers of the curves.</summary>
internal readonly record struct RolloutStatistics(double Reward, double RewardStd, double Accuracy, double ResponseTokens, int EqualGroups)
{
    public static RolloutStatistics Of(IReadOnlyList<RolloutGroup> groups)
    {
        double reward = 0, squares = 0, accuracy = 0, tokens = 0;
        var count = 0;
        foreach (var rollout in groups.SelectMany(group => group.Rollouts))
        {
            reward += rollout.Reward.Total;
            squares += rollout.Reward.Total * rollout.Reward.Total;
            accuracy += rollout.Reward.Accuracy;
            tokens += rollout.Sequence.Response.Length;
            count++;
        }

        var mean = reward / count;
        var deviation = Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean)));
        return new RolloutStatistics(mean, deviation, accuracy / count, tokens / count, groups.Count(group => group.AllEqual));
    }
}
