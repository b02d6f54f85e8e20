using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class AdvantageTests
{
    private static readonly double[][] s_rewards = Golden.Read("policy_gradient.json")["rewards"].Rows();

    [Fact]
    public void GrpoMatchesTheReference() => Match("grpo", rewards => Grpo.Advantages(rewards));

    [Fact]
    public void DrGrpoMatchesTheReference() => Match("dr_grpo", rewards => DrGrpo.Advantages(rewards));

    [Fact]
    public void RlooMatchesTheReference() => Match("rloo", rewards => Rloo.Advantages(rewards));

    [Fact]
    public void RemaxMatchesTheReference()
    {
        var golden = Golden.Read("policy_gradient.json");
        var greedy = golden["greedy_rewards"].Row();
        var expected = golden["advantages"]!["remax"].Rows();
        for (var i = 0; i < s_rewards.Length; i++) Golden.AreClose(expected[i], Remax.Advantages(s_rewards[i], greedy[i]), 1e-9);
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.3)]
    [InlineData(0.7)]
    public void AGroupWithEqualRewardsHasExactlyNoAdvantage(double reward)
    {
        var rewards = Enumerable.Repeat(reward, 7).ToArray();
        Assert.All(Grpo.Advantages(rewards), advantage => Assert.Equal(0.0, advantage));
        Assert.All(Rloo.Advantages(rewards), advantage => Assert.Equal(0.0, advantage));
    }

    [Fact]
    public void GrpoAdvantagesHaveMeanZeroAndUnitDeviation()
    {
        var advantages = Grpo.Advantages([0, 1, 1, 0.5, 0.2, 0, 1, 0]);
        Assert.Equal(0, advantages.Average(), 12);
        Assert.Equal(1, Math.Sqrt(advantages.Sum(value => value * value) / (advantages.Length - 1)), 5);
    }

    [Fact]
    public void TheBaselineOfRlooIsTheMeanOfTheOthers() =>
        Golden.AreClose([1 - (0.5 / 2), 0.5 - (1.0 / 2), 0 - (1.5 / 2)], Rloo.Advantages([1, 0.5, 0]), 1e-12);

    [Fact]
    public void RlooIsDrGrpoTimesTheGroupSizeOverOneLess()
    {
        foreach (var rewards in s_rewards)
        {
            double[] scaled = [.. DrGrpo.Advantages(rewards).Select(advantage => advantage * rewards.Length / (rewards.Length - 1))];
            Golden.AreClose(scaled, Rloo.Advantages(rewards), 1e-12);
        }
    }

    [Fact]
    public void ReinforcePlusPlusWhitensOverTheWholeBatchSoThatAnEqualGroupTeachesToo()
    {
        // mean 0.5; squares 4 · 0.25 over N − 1 = 3; deviation 0.57735…
        var advantages = Advantages.Of(RftAlgorithm.REINFORCEPlusPlus, [[1, 1], [0, 0]]);
        var one = 0.5 / (Math.Sqrt(1.0 / 3) + 1e-6);
        Assert.Equal(2, advantages.Length);
        Golden.AreClose([one, one], advantages[0], 1e-12);
        Golden.AreClose([-one, -one], advantages[1], 1e-12);
    }

    [Fact]
    public void ReinforcePlusPlusKeepsGroupsOfUnequalSizeApart()
    {
        // rewards 1 0 0 1 1: mean 0.6, squares 0.16 · 3 + 0.36 · 2 = 1.2, deviation √(1.2 / 4)
        var deviation = Math.Sqrt(0.3) + 1e-6;
        var advantages = ReinforcePlusPlus.Advantages([[1, 0], [0, 1, 1]]);
        Golden.AreClose([0.4 / deviation, -0.6 / deviation], advantages[0], 1e-12);
        Golden.AreClose([-0.6 / deviation, 0.4 / deviation, 0.4 / deviation], advantages[1], 1e-12);
    }

    [Fact]
    public void ABatchWithEqualRewardsTeachesNothing() =>
        Assert.All(ReinforcePlusPlus.Advantages([[0.3, 0.3], [0.3, 0.3]]), group => Assert.Equal([0.0, 0.0], group));

    [Fact]
    public void GspoHasTheAdvantagesOfGrpo() =>
        Assert.Equal(Advantages.Of(RftAlgorithm.GRPO, s_rewards), Advantages.Of(RftAlgorithm.GSPO, s_rewards));

    [Fact]
    public void AGroupOfOneIsRefusedByName()
    {
        var error = Assert.Throws<ArgumentException>(() => Grpo.Advantages([1]));
        Assert.Contains("groupSize: 1 is too small; a group needs at least 2 rollouts", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RemaxWithoutAGreedyRewardIsRefused() => Assert.Throws<ArgumentNullException>(() => Advantages.Of(RftAlgorithm.ReMax, [[1, 0]]));

    private static void Match(string name, Func<double[], double[]> advantages)
    {
        var expected = Golden.Read("policy_gradient.json")["advantages"]![name].Rows();
        for (var i = 0; i < s_rewards.Length; i++) Golden.AreClose(expected[i], advantages(s_rewards[i]), 1e-9);
    }
}
