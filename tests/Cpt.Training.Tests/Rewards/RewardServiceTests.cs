using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Training.Tests;

/// <summary>Against a real server on loopback.</summary>
public sealed class RewardServiceTests
{
    private static readonly (Sample, string)[] s_rollouts = [.. Enumerable.Range(0, 5).Select(i => (Tiny.Sample($"s{i}", $"{i}+1=", "x"), i.ToString(CultureInfo.InvariantCulture)))];

    [Fact]
    public void EveryRolloutIsPostedInBatchesAndEarnsItsNumber()
    {
        using var server = new RewardServer(RewardServer.Judging(response => $"0.{response}"));
        Assert.Equal([0, 0.1, 0.2, 0.3, 0.4], Judge(server.Url, new RewardCallSpec { BatchSize = 2 }));
        Assert.Equal([1, 2, 2], server.Requests.Select(request => request["rollouts"]!.AsArray().Count).Order());
    }

    [Fact]
    public void ARequestHoldsPromptResponseAndEveryFieldOfTheSample()
    {
        using var server = new RewardServer(RewardServer.Judging(_ => "1"));
        var sample = Tiny.Sample("é-1", "1+1=", "2", accept: "[2]") with { Choices = ["2", "3"], Answers = ["two"], Images = ["images/a.png"], Metadata = """{"level": 3}""" };
        Judge(server.Url, new RewardCallSpec(), [(sample, "It is \"2\"\n")]);
        const string Expected = """
            {"version": 1, "task": "tiny", "rollouts": [{
              "id": "é-1", "prompt": [{"role": "user", "content": "1+1="}], "response": "It is \"2\"\n",
              "sample": {"answer": "2", "accept": "[2]", "choices": ["2", "3"], "answers": ["two"], "images": ["images/a.png"], "metadata": {"level": 3}}}]}
            """;
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Expected), Assert.Single(server.Requests)), server.Requests[0].ToJsonString());
    }

    [Theory]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(429)]
    [InlineData(408)]
    public void WhatFailsInPassingIsAskedAgainAfterGrowingPauses(int status)
    {
        using var server = new RewardServer((number, request) => number < 3 ? (status, "not now") : RewardServer.Judging(_ => "1")(number, request));
        var (time, said) = (new NoWaiting(), new List<string>());
        Assert.Equal([1, 1, 1, 1, 1], Judge(server.Url, new RewardCallSpec { Retries = 3 }, time: time, log: said.Add));
        Assert.Equal([1, 2, 4], time.Pauses.Select(pause => pause.TotalSeconds));
        Assert.Equal(3, said.Count);
        Assert.StartsWith($"rft.reward.service {server.Url}: answered {status} ", said[0], StringComparison.Ordinal);
        Assert.EndsWith("; try 2 of 4 in 1 s", said[0], StringComparison.Ordinal);
    }

    [Fact]
    public void AServiceThatSaysForHowLongIsLeftAloneForSoLong()
    {
        using var server = new RewardServer((number, request) => number == 0 ? (503, "") : RewardServer.Judging(_ => "1")(number, request)) { RetryAfter = "17" };
        var time = new NoWaiting();
        Judge(server.Url, new RewardCallSpec(), time: time);
        Assert.Equal([17], time.Pauses.Select(pause => pause.TotalSeconds));
    }

    [Fact]
    public void AfterTheLastTryTheAttemptEndsWithACodeThatIsRetried()
    {
        using var server = new RewardServer((_, _) => (502, ""));
        var failure = Fails(server.Url, new RewardCallSpec { Retries = 2 });
        Assert.Equal((ExitCodes.StorageUnavailable, "RewardServiceUnavailable"), (failure.ExitCode, failure.Reason));
        Assert.False(ExitCodes.IsPermanent(failure.ExitCode));
        Assert.Equal($"rft.reward.service {server.Url}: answered 502 Bad Gateway, after 3 tries (rft.reward.service.retries is 2); is it up, and may this pod reach it?", failure.Message);
        Assert.Equal(3, server.Requests.Count);
    }

    [Fact]
    public void AServiceThatIsNotThereIsUnavailable()
    {
        string url;
        using (var server = new RewardServer((_, _) => null))
            url = server.Url;
        var failure = Fails(url, new RewardCallSpec { Retries = 1 });
        Assert.Equal((ExitCodes.StorageUnavailable, "RewardServiceUnavailable"), (failure.ExitCode, failure.Reason));
        Assert.Contains("Connection refused, after 2 tries", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AServiceThatNeverAnswersIsGivenUp()
    {
        using var server = new RewardServer((_, _) => null);
        var failure = Fails(server.Url, new RewardCallSpec { TimeoutSeconds = 1, Retries = 1 });
        Assert.Equal("RewardServiceUnavailable", failure.Reason);
        Assert.Contains("no answer within 1 s (rft.reward.service.timeoutSeconds), after 2 tries", failure.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [InlineData(401, "who are you?", ": answered 401 Unauthorized: who are you?; expected 200 and")]
    [InlineData(404, "", ": answered 404 Not Found; expected 200 and")]
    [InlineData(302, "", ": answered 302 Found; expected 200 and")]
    [InlineData(204, "", ": answered 204 No Content; expected 200 and")]
    public void ARefusalIsNotRepeated(int status, string body, string said)
    {
        using var server = new RewardServer((_, _) => (status, body));
        var failure = Fails(server.Url, new RewardCallSpec());
        Assert.Equal((ExitCodes.BadSpec, "RewardServiceRefused"), (failure.ExitCode, failure.Reason));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData("""{"rewards": [1, 1, 1, 1]}""", "4 rewards for 5 rollouts; expected one for each, in their order")]
    [InlineData("""{"rewards": [1, 1, NaN, 1, 1]}""", "rewards[2], of a rollout of sample s2, is NaN; expected a number from 0 to 1")]
    [InlineData("""{"rewards": [1, -Infinity, 1, 1, 1]}""", "rewards[1], of a rollout of sample s1, is -Infinity; expected a number from 0 to 1")]
    [InlineData("""{"rewards": [1, 1, 1, 1.5, 1]}""", "rewards[3], of a rollout of sample s3, is 1.5; expected a number from 0 to 1")]
    [InlineData("""{"rewards": [-0.1, 1, 1, 1, 1]}""", "rewards[0], of a rollout of sample s0, is -0.1; expected a number from 0 to 1")]
    [InlineData("""{"rewards": [1, 1, 1, 1, null]}""", "rewards[4], of a rollout of sample s4, is null; expected a number from 0 to 1")]
    [InlineData("""{"rewards": [1, 1, 1, 1, "1"]}""", "rewards[4], of a rollout of sample s4, is 1; expected a number from 0 to 1")]
    [InlineData("""{"reward": [1, 1, 1, 1, 1]}""", """the answer is {"reward": [1, 1, 1, 1, 1]}; expected {"rewards": […]}, one number from 0 to 1 for each rollout""")]
    [InlineData("[1, 1, 1, 1, 1]", "the answer is [1, 1, 1, 1, 1]; expected")]
    [InlineData("<html>", "the answer is not valid JSON (")]
    [InlineData("", "the answer is not valid JSON (")]
    public void AWrongAnswerIsNamedAndNotAskedForAgain(string answer, string said)
    {
        using var server = new RewardServer((_, _) => (200, answer));
        var failure = Fails(server.Url, new RewardCallSpec());
        Assert.Equal((ExitCodes.BadData, "BadReward"), (failure.ExitCode, failure.Reason));
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AStopEndsTheWaiting()
    {
        using var server = new RewardServer((_, _) => null);
        using var stop = new CancellationTokenSource();
        using var service = Service(server.Url, new RewardCallSpec { TimeoutSeconds = 300 });
        var waiting = Task.Run(() => service.Judge(s_rollouts, stop.Token), TestContext.Current.CancellationToken);
        while (server.Requests.Count == 0) await Task.Yield();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void AStageLearnsWhatTheServiceRewards()
    {
        // The task's own scorer counts nothing here, and the service likes odd digits.
        using var server = new RewardServer(RewardServer.Judging(response => response.Length == 1 && char.IsAsciiDigit(response[0]) && (response[0] - '0') % 2 == 1 ? "1" : "0"));
        using var model = Tiny.HalfTaught();
        var rft = Tiny.Grpo() with { AccuracyWeight = 0, RewardService = new RewardServiceSpec { Url = server.Url, Weight = 0.5 } };
        using var loop = StageLoops.Create(Tiny.Context(Tiny.Rft(Tiny.Optimization(25, batch: 16, rate: 5e-3), rft), model, Tiny.EvenDigits()));
        StepReport last = null!;
        while (!loop.Finished) last = loop.RunStep(default);
        Assert.InRange(last.Reward!.Value, 0.45, 0.5);
        Assert.InRange(last.Accuracy!.Value, 0, 0.1);
        Assert.Equal(25 * 16 * 8, server.Requests.Sum(request => request["rollouts"]!.AsArray().Count));
    }

    [Fact]
    public void OfSeveralWorkersOneAsksAndAllTrainOnItsAnswer()
    {
        using var server = new RewardServer(RewardServer.Judging(response => response.Contains('1', StringComparison.Ordinal) ? "1" : "0.25"));
        var answers = Crew.Run(2, (group, gradients) =>
        {
            using var service = Service(server.Url, new RewardCallSpec(), workers: new WorkerGroup(group, gradients));
            return service.Judge(s_rollouts, default);
        });
        Assert.All(answers, rewards => Assert.Equal([0.25, 1, 0.25, 0.25, 0.25], rewards));
        Assert.Single(server.Requests);
    }

    [Fact]
    public void AFailureReachesEveryWorker()
    {
        using var server = new RewardServer((_, _) => (200, """{"rewards": []}"""));
        var failures = Crew.Run(2, (group, gradients) =>
        {
            using var service = Service(server.Url, new RewardCallSpec(), workers: new WorkerGroup(group, gradients));
            return Assert.Throws<StageFailureException>(() => service.Judge(s_rollouts, default));
        });
        Assert.All(failures, failure => Assert.Equal((ExitCodes.BadData, "BadReward", failures[0].Message), (failure.ExitCode, failure.Reason, failure.Message)));
        Assert.Single(server.Requests);
    }

    private static double[] Judge(string url, RewardCallSpec calls, (Sample, string)[]? rollouts = null, TimeProvider? time = null, Action<string>? log = null)
    {
        using var service = Service(url, calls, time, log);
        return service.Judge(rollouts ?? s_rollouts, default);
    }

    private static StageFailureException Fails(string url, RewardCallSpec calls)
    {
        using var service = Service(url, calls);
        return Assert.Throws<StageFailureException>(() => service.Judge(s_rollouts, default));
    }

    private static RewardService Service(string url, RewardCallSpec calls, TimeProvider? time = null, Action<string>? log = null, WorkerGroup? workers = null) =>
        new(new RewardServiceSpec { Url = url, Weight = 1 }, calls, "tiny", workers, time ?? new NoWaiting(), log);

    /// <summary>Every pause is over at once, and kept.</summary>
    private sealed class NoWaiting : TimeProvider
    {
        private readonly Lock _lock = new();
        private readonly List<TimeSpan> _pauses = [];

        public IReadOnlyList<TimeSpan> Pauses
        {
            get
            {
                lock (_lock)
                    return [.. _pauses];
            }
        }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            lock (_lock)
                _pauses.Add(dueTime);
            return System.CreateTimer(callback, state, TimeSpan.Zero, period);
        }
    }
}
