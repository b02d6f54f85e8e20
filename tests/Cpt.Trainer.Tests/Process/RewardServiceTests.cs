using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>A stage whose rollouts a service of the user's own judges.</summary>
public sealed class RewardServiceTests : IDisposable
{
    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Fact]
    public async Task TheServiceIsAskedWithTheTokenOfTheSecretAndItsVerdictDecidesTheWeights()
    {
        using var server = new RewardServer(RewardServer.Judging(response => response.Contains('b', StringComparison.Ordinal) ? "1" : "0.5"));
        var spec = await SpecAsync(server.Url, new RewardCallSpec { BatchSize = 8 });
        await using var child = _stages.Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal) { ["CPT_REWARD_SERVICE_TOKEN"] = "s3cret" });
        Assert.True(await child.ExitAsync() == ExitCodes.Done, child.Log);
        // Preflight and six steps of four prompts and four rollouts.
        Assert.Equal(32 + (6 * 16), server.Requests.Sum(request => request["rollouts"]!.AsArray().Count));
        Assert.All(server.Requests, request => Assert.Equal("letters", request["task"]!.GetValue<string>()));
        Assert.All(server.Authorizations, authorization => Assert.Equal("Bearer s3cret", authorization));
        Assert.DoesNotContain("s3cret", child.Log, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServiceThatGoesAwayEndsTheAttemptAndTheNextOneCommitsWhatAnUndisturbedStageWould()
    {
        var judge = RewardServer.Judging(response => response.Contains('b', StringComparison.Ordinal) ? "1" : "0.5");
        var away = true;
        using var server = new RewardServer((number, request) => number > 4 && Volatile.Read(ref away) ? (503, "") : judge(number, request));
        var spec = await SpecAsync(server.Url, new RewardCallSpec { Retries = 1 });
        await using (var child = _stages.Start(spec))
        {
            Assert.True(await child.ExitAsync() == ExitCodes.StorageUnavailable, child.Log);
            Assert.Equal("RewardServiceUnavailable", child.Result.Reason);
            Assert.Contains("answered 503 Service Unavailable, after 2 tries", child.Result.Message, StringComparison.Ordinal);
        }

        Volatile.Write(ref away, false);
        await using var second = _stages.Start(spec with { Attempt = 2, RewardCalls = new RewardCallSpec { BatchSize = 3 } });
        Assert.True(await second.ExitAsync() == ExitCodes.Done, second.Log);
        Assert.Contains(second.Events, line => line.Event == "resumed");

        using var whole = new StageFixture();
        await using var undisturbed = whole.Start(spec with { StorageUri = "file://" + whole.Storage });
        Assert.True(await undisturbed.ExitAsync() == ExitCodes.Done, undisturbed.Log);
        Assert.Equal(undisturbed.Result.CheckpointDigest, second.Result.CheckpointDigest);
    }

    [Theory]
    [InlineData("ftp://rewards", "training.rft.rewardService.url: \"ftp://rewards\" is no address; give http:// or https://")]
    [InlineData("rewards", "training.rft.rewardService.url: \"rewards\" is no address; give http:// or https://")]
    public async Task AWrongAddressIsRefusedAtOnce(string url, string message)
    {
        await using var child = _stages.Start(await SpecAsync(url, null));
        Assert.Equal(ExitCodes.BadSpec, await child.ExitAsync());
        Assert.Contains(message, child.Result.Message, StringComparison.Ordinal);
    }

    private async Task<StageSpec> SpecAsync(string url, RewardCallSpec? calls) =>
        StageFixture.With(await _stages.RftAsync(), training => training with { Rft = training.Rft! with { AccuracyWeight = 0.5, RewardService = new RewardServiceSpec { Url = url, Weight = 0.5 } } }) with { RewardCalls = calls };
}
