using System.Net;
using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Trainer.Tests;

public sealed class StageTests : IDisposable
{
    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Fact]
    public async Task AnSftStageTrainsCommitsScoresAndTells()
    {
        var spec = await _stages.SftAsync();
        await using var child = _stages.Start(spec);
        Assert.True(await child.ExitAsync() == 0, child.Log);

        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.Equal((CheckpointKind.Final, 12, 12, false), (final.Kind, final.Step, final.StepsDue, final.StoppedEarly));
        Assert.Equal([spec.BaseModel.Digest], final.Parents);
        Assert.NotEqual(spec.BaseModel.Digest, final.ModelDigest);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "training.jsonl"], final.Files.Select(file => file.Path).Order(StringComparer.Ordinal));
        Assert.Equal([9, 6], (await _stages.Store.ListStepsAsync(spec.StageHash)).Select(step => step.Step));

        var row = (await _stages.Store.ReadEvaluationAsync(spec.StageHash))!;
        var score = Assert.Single(row.Scores);
        Assert.Equal((final.ModelDigest, "sums", 8, 8), (row.ModelDigest, score.Task, score.Samples, score.Records.Count));
        Assert.NotNull(score.LostFromPrevious);
        Assert.Equal("sums", Assert.Single((await _stages.Store.ReadEvaluationAsync(Digests.BaselineHash(spec.BaseModel.Digest)))!.Scores).Task);

        var result = _stages.TerminationMessage();
        Assert.Equal((0, "Completed", 12, 12, final.ModelDigest), (result.ExitCode, result.Reason, result.Step, result.Steps, result.CheckpointDigest));
        Assert.Equal(score.Accuracy, result.Scores["sums"]);
        Assert.True(result.Tokens > 0);
        Assert.InRange(result.PeakMemoryBytes, 30L << 20, 2L << 30);
        Assert.Null(result.DevicePeakMemoryBytes);
        var losses = Curves(final).Select(point => point.GetProperty("loss").GetDouble()).ToList();
        Assert.Equal(12, losses.Count);
        Assert.True(losses[^1] < losses[0], string.Join(' ', losses));
        Assert.Equal(12, child.Events.Last(line => line.Event == "step").Progress!.Step);
    }

    [Fact]
    public async Task AnRftStageEarnsItsRewards()
    {
        var spec = await _stages.RftAsync();
        await using var child = _stages.Start(spec);
        Assert.True(await child.ExitAsync() == 0, child.Log);
        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.Equal(6, final.Step);
        Assert.Contains(child.Events, line => line.Event == "phase" && line.Progress!.Phase == TrainerPhase.Preflight);
        var step = child.Events.Last(line => line.Event == "step").Progress!;
        Assert.True(step is { Reward: not null, RewardStd: not null, Kl: not null, ResponseTokens: > 0 }, child.Log);
        Assert.Equal(6, Curves(final).Count);
    }

    [Fact]
    public async Task DriftFromTheBaseModelIsMeasuredOnceAndStandsInTheRow()
    {
        var spec = await _stages.SftAsync();
        spec = spec with { Evaluation = spec.Evaluation with { DriftPrompts = 6 } };
        await using (var child = _stages.Start(spec))
        {
            Assert.True(await child.ExitAsync() == 0, child.Log);
        }

        var row = (await _stages.Store.ReadEvaluationAsync(spec.StageHash))!;
        var drift = Assert.Single(row.Drift!);
        Assert.Equal(("sums", 6, row.Scores[0].TaskDigest), (drift.Task, drift.Prompts, drift.TaskDigest));
        Assert.True(drift.Kl > 0 && drift.Tokens > 0, $"{drift}");
        Assert.Null((await _stages.Store.ReadEvaluationAsync(Digests.BaselineHash(spec.BaseModel.Digest)))!.Drift);

        // Another attempt has nothing left to do; more prompts are another figure, measured without training, beside scores that stay.
        await using (var again = _stages.Start(spec with { Attempt = 2, Evaluation = spec.Evaluation with { DriftPrompts = 8 } }))
        {
            Assert.True(await again.ExitAsync() == 0, again.Log);
            Assert.DoesNotContain(again.Events, line => line.Event == "step");
        }

        var measured = (await _stages.Store.ReadEvaluationAsync(spec.StageHash))!;
        Assert.Equal(8, Assert.Single(measured.Drift!).Prompts);
        Assert.Equal(row.Scores[0].Records, measured.Scores[0].Records);
    }

    [Fact]
    public async Task TheNextStageStartsFromTheCommittedOneAndCountsFlipsAgainstItsRow()
    {
        var first = await _stages.SftAsync();
        var result = await _stages.CompleteAsync(first);
        var input = new ModelInput { StageHash = first.StageHash, Digest = result.CheckpointDigest! };
        var second = await _stages.RftAsync(input);
        second = second with
        {
            Index = 1, Evaluation = second.Evaluation with { Tasks = [_stages.Sums, _stages.Letters], Baseline = false, PreviousRow = first.StageHash },
        };
        await _stages.CompleteAsync(second);
        var record = (await _stages.Store.ReadRunAsync(first.Namespace, first.Run))!;
        Assert.Equal([first.StageHash, second.StageHash], record.Stages.Select(stage => stage.StageHash));
        Assert.Equal((0, first.Stage, result.CheckpointDigest), (record.Stages[0].Index, record.Stages[0].Name, record.Stages[0].ModelDigest));
        Assert.Equal([result.CheckpointDigest!, first.BaseModel.Digest], (await _stages.Store.ReadManifestAsync(second.StageHash))!.Parents);
        var row = (await _stages.Store.ReadEvaluationAsync(second.StageHash))!;
        Assert.Equal(["sums", "letters"], row.Scores.Select(score => score.Task));
        Assert.NotNull(row.Scores[0].LostFromPrevious);
        Assert.Null(row.Scores[1].LostFromPrevious);
    }

    [Fact]
    public async Task ACommittedStageIsNotTrainedAgainAndOnlyMissingScoresAreAdded()
    {
        var spec = await _stages.SftAsync();
        var first = await _stages.CompleteAsync(spec);
        var more = spec with { Attempt = 2, Evaluation = spec.Evaluation with { Benchmarks = [_stages.Letters] } };
        await using var child = _stages.Start(more);
        Assert.True(await child.ExitAsync() == 0, child.Log);
        Assert.DoesNotContain(child.Events, line => line.Event is "step" or "checkpoint");
        Assert.Equal(["letters", "letters"], child.Events.Where(line => line.Event == "evaluation").Select(line => line.Score!.Task));
        Assert.Equal(first.CheckpointDigest, child.Result.CheckpointDigest);
        Assert.Equal(["sums", "letters"], child.Result.Scores.Keys);
        Assert.Equal((12, 12), (child.Result.Step, child.Result.Steps));
    }

    [Fact]
    public async Task AGeneratedTaskAndEarlyStoppingWork()
    {
        var task = new TaskInput { Name = "parity", Uri = "generated://digits/parity?seed=1&train=64&eval=16" };
        var spec = await _stages.SftAsync(
            optimization => optimization with { LearningRate = 1e-2, Steps = 200, StopAtAccuracy = 0.01, StopCheckSteps = 5, StopEvaluationSamples = 16 }, task: task);
        var result = await _stages.CompleteAsync(spec);
        var final = (await _stages.Store.ReadManifestAsync(spec.StageHash))!;
        Assert.True(final.StoppedEarly);
        Assert.InRange(final.Step, 5, 199);
        Assert.Equal((final.Step, 200), (result.Step, result.Steps));
    }

    [Fact]
    public async Task ProgressMetricsAndHealthAreServedWhileItTrains()
    {
        var spec = await _stages.SftAsync(optimization => optimization with { Steps = 100_000 });
        await using var child = _stages.Start(spec with { Checkpoint = new CheckpointSpec { IntervalSteps = 0 } });
        await child.UntilAsync(events => events.Any(line => line.Event == "step" && line.Progress!.Step >= 2));
        var address = child.Events.First(line => line.Event == "listening").Message!;
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        var progress = JsonSerializer.Deserialize(await http.GetStringAsync(new Uri("progress", UriKind.Relative)), ContractJson.Default.StageProgress)!;
        Assert.Equal(("learn-sums", TrainerPhase.Training, 100_000), (progress.Stage, progress.Phase, progress.Steps));
        Assert.True(progress is { Step: >= 2, Loss: > 0, GradientNorm: > 0, LearningRate: > 0, Tokens: > 0, TokensPerSecond: > 0, SecondsLeft: > 0 }, progress.ToString());
        using var health = await http.GetAsync(new Uri("healthz", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        var page = await http.GetStringAsync(new Uri("metrics", UriKind.Relative));
        Assert.Contains("cpt_train_loss{namespace=\"default\",run=\"demo\",stage=\"learn-sums\"} ", page, StringComparison.Ordinal);
        Assert.Contains("cpt_train_tokens_total{namespace=\"default\",run=\"demo\",stage=\"learn-sums\"} ", page, StringComparison.Ordinal);
        string[] series =
        [
            "cpt_train_phase{namespace=\"default\",run=\"demo\",stage=\"learn-sums\",phase=\"Training\"} 1", "cpt_checkpoint_interval_steps{namespace=\"default\",run=\"demo\",stage=\"learn-sums\"} 0", "cpt_train_step_seconds_count{", "cpt_train_remaining_seconds{",
            "cpt_checkpoint_last_commit_timestamp_seconds{",
        ];
        Assert.All(series, one => Assert.Contains("\n" + one, page, StringComparison.Ordinal));
        child.Signal(15);
        Assert.True(await child.ExitAsync() == ExitCodes.Stopped, child.Log);
        Assert.Equal("", await Promtool.CheckAsync(page));
    }

    [Fact]
    public async Task ForAPersonItWritesText()
    {
        await using var child = _stages.Start(await _stages.SftAsync(), "--log", "text");
        Assert.Equal(ExitCodes.Done, await child.ExitAsync());
        Assert.Empty(child.Events);
        Assert.Contains("] 12/12 loss ", child.Log, StringComparison.Ordinal);
        Assert.Matches(@"\nsums: [0-9.]+ % of 8, lost \d, gained \d\n", child.Log);
        Assert.Contains("\nCompleted (exit code 0)\n", child.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(ExitCodes.Done, "cpt-trainer --stage FILE [options]", "--help")]
    [InlineData(ExitCodes.Done, "stage contract 1", "--version")]
    [InlineData(ExitCodes.BadSpec, "cpt-trainer: --port: x is not a port; give 0 to 65535", "--stage", "s", "--port", "x")]
    public async Task TheCommandLineExplainsItself(int exitCode, string said, params string[] arguments)
    {
        await using var child = TrainerChild.Start(new Dictionary<string, string?>(StringComparer.Ordinal), arguments);
        Assert.Equal(exitCode, await child.ExitAsync());
        Assert.Contains(said, child.Log, StringComparison.Ordinal);
    }

    private List<JsonElement> Curves(CheckpointManifest manifest)
    {
        var digest = manifest.Files.Single(file => file.Path == "training.jsonl").Digest;
        return [.. File.ReadLines(Path.Combine(_stages.Storage, "blobs/sha256", digest)).Select(line => JsonDocument.Parse(line).RootElement)];
    }
}
