using System.Net;
using System.Net.Http.Json;
using Cpt.Contract;

namespace Cpt.StandIn.Tests;

/// <summary>What a trainer leaves in storage and tells.</summary>
[Trait("Category", "Cluster")]
public sealed class TrainerTests(Clusters clusters)
{
    [Fact]
    public async Task AnAttemptCommitsItsCheckpointAndItsScores()
    {
        await using var stage = await clusters.StageAsync();
        var spec = stage.Spec("sums", baseline: true);
        await stage.CreateJobAsync("a", spec);
        await stage.EndOfAsync("a");

        var final = await stage.Store.ReadManifestAsync(spec.StageHash);
        Assert.Equal((CheckpointKind.Final, 4, 4, "demo", 1), (final!.Kind, final.Step, final.StepsDue, final.Run, final.Attempt));
        Assert.Equal([spec.Input.Digest], final.Parents);
        var row = await stage.Store.ReadEvaluationAsync(spec.StageHash);
        Assert.Equal(final.ModelDigest, row!.ModelDigest);
        Assert.Equal([("sums", ScoreKind.Task, 1.0), ("general", ScoreKind.Benchmark, 0.75)], row.Scores.Select(score => (score.Task, score.Kind, score.Accuracy)));
        Assert.Equal(spec.Evaluation.Tasks[0].Digest, row.Scores[0].TaskDigest);
        var baseline = await stage.Store.ReadEvaluationAsync(Digests.BaselineHash(spec.BaseModel.Digest));
        Assert.Equal([0.25, 0.25], baseline!.Scores.Select(score => score.Accuracy));
        var result = Stage.ResultOf(await stage.PodAsync("a"));
        Assert.Equal((0, "Completed", final.ModelDigest, 1.0), (result.ExitCode, result.Reason, result.CheckpointDigest, result.Scores["sums"]));
    }

    [Fact]
    public async Task TheSameStageHasTheSameWeightsWhereverItRuns()
    {
        await using var one = await clusters.StageAsync(options: new() { Seed = 1 });
        await using var other = await clusters.StageAsync(options: new() { Seed = 2 });
        var digests = new List<string>();
        foreach (var stage in new[] { one, other })
        {
            await stage.CreateJobAsync("a", stage.Spec("sums"));
            await stage.EndOfAsync("a");
            digests.Add((await stage.Store.ReadManifestAsync(stage.Spec("sums").StageHash))!.ModelDigest);
        }

        Assert.Equal(digests[0], digests[1]);
        Assert.NotEqual(TrainerPlay.Weights("x", 4), TrainerPlay.Weights("y", 4));
    }

    [Fact]
    public async Task AFailedAttemptLeavesStepsFromWhichTheNextOneGoesOn()
    {
        var scenario = new Scenario()
            .On("sums", 1, new() { Ending = new Ending.Exits(70), EndsAfterStep = 3, CommitEvery = 1 })
            .On("sums", 2, new() { Ending = new Ending.Exits(70), EndsAfterStep = 3, CommitEvery = 1 });
        await using var stage = await clusters.StageAsync(options: new() { Scenario = scenario });
        foreach (var attempt in new[] { 1, 2, 3 })
        {
            await stage.CreateJobAsync($"a{attempt}", stage.Spec("sums", attempt));
            Assert.Equal(attempt == 3, (await stage.EndOfAsync($"a{attempt}")).IsComplete);
        }

        var steps = await stage.Store.ListStepsAsync(stage.Spec("sums").StageHash);
        Assert.Equal([(3, 1), (2, 1), (1, 1)], steps.Select(step => (step.Step, step.Attempt)));
        Assert.Equal(3, (await stage.Store.ReadManifestAsync(stage.Spec("sums").StageHash))!.Attempt);
    }

    [Fact]
    public async Task AStageThatIsCommittedAlreadyIsOnlyScored()
    {
        await using var stage = await clusters.StageAsync();
        await stage.CreateJobAsync("a1", stage.Spec("sums"));
        await stage.EndOfAsync("a1");
        await stage.CreateJobAsync("a2", stage.Spec("sums", attempt: 2));
        Assert.True((await stage.EndOfAsync("a2")).IsComplete);
        Assert.Equal(1, (await stage.Store.ReadManifestAsync(stage.Spec("sums").StageHash))!.Attempt);
    }

    [Fact]
    public async Task StorageThatCannotBeUsedIsTheTrainersExitCode()
    {
        await using var stage = await clusters.StageAsync();
        await stage.CreateJobAsync("a", stage.Spec("sums") with { StorageUri = "file:///proc/nowhere" });
        await stage.EndOfAsync("a");

        var result = Stage.ResultOf(await stage.PodAsync("a"));
        Assert.Equal(ExitCodes.StorageUnavailable, result.ExitCode);
        Assert.Contains("/proc/nowhere", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task EveryTrainerTellsItsOwnProgressAtItsPodsAddress()
    {
        var scenario = new Scenario { Default = attempt => new() { Ending = new Ending.Never(), EndsAfterStep = attempt.Spec!.Stage.Length, CommitEvery = 1, Steps = 10, Reward = 0.5 } };
        await using var stage = await clusters.StageAsync(options: new() { Scenario = scenario, ProgressPort = 0 });
        using var http = new HttpClient();
        foreach (var name in new[] { "sums", "lengths" })
        {
            await stage.CreateJobAsync(name, stage.Spec(name));
            await stage.RunningAsync(name);
            var address = (await stage.PodAsync(name)).Status!.PodIP!;
            StageProgress? progress = null;
            await Eventually.ThatAsync(async () =>
                (progress = await http.GetFromJsonAsync($"http://{address}:{stage.StandIn.ProgressPort}/progress", ContractJson.Default.StageProgress))!.Step == name.Length);
            Assert.Equal((name, 10, name.Length, 0.5), (progress!.Stage, progress.Steps, progress.CheckpointStep, progress.Reward));
        }

        await Assert.ThrowsAsync<HttpRequestException>(() => http.GetStringAsync(new Uri($"http://{IPAddress.Loopback}:{stage.StandIn.ProgressPort}/progress")));
    }
}
