using System.Text.Json;
using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests.Running;

/// <summary>Whole runs with the real trainer on a model of a few thousand weights.</summary>
[Trait("Category", "EndToEnd")]
public sealed class RunTests : IDisposable
{
    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task ARunEndsWithMatrixMeasuresDigestsAndAReport()
    {
        var result = await _run.RunAsync("-o", "json");
        Assert.True(result.ExitCode == 0, result.ToString());

        var status = result.Json;
        Assert.Equal("Succeeded", status.GetProperty("state").GetString());
        Assert.Equal(["parity", "half", "residue"], Strings(status, "tasks"));
        Assert.Equal(["base", "parity", "half", "residue"], Strings(status, "rows"));
        var matrix = status.GetProperty("matrix").EnumerateArray().Select(row => row.EnumerateArray().Select(cell => cell.ValueKind == JsonValueKind.Null ? (double?)null : cell.GetDouble()).ToList()).ToList();
        Assert.All(matrix[0].Concat(matrix[3]), cell => Assert.InRange(cell!.Value, 0, 100));
        Assert.Null(matrix[1][2]);

        // The paper's formulas, from the matrix alone; the run rounds to two decimals.
        Assert.Equal(matrix[3].Average()!.Value, status.GetProperty("averageAccuracy").GetDouble(), 0.011);
        Assert.Equal((matrix[3][0] - matrix[1][0] + matrix[3][1] - matrix[2][1])!.Value / 2, status.GetProperty("forgetting").GetDouble(), 0.011);
        Assert.True(status.GetProperty("forgettingFromPeak").GetDouble() <= status.GetProperty("forgetting").GetDouble());
        Assert.Equal(4, Assert.Single(status.GetProperty("benchmarks").EnumerateArray()).GetProperty("scores").GetArrayLength());

        foreach (var stage in status.GetProperty("stages").EnumerateArray())
        {
            Assert.Equal(("Succeeded", 1, 12, 12), (stage.GetProperty("state").GetString(), stage.GetProperty("attempts").GetInt32(), stage.GetProperty("step").GetInt32(), stage.GetProperty("steps").GetInt32()));
            Assert.Matches("^[0-9a-f]{64}$", stage.GetProperty("checkpointDigest").GetString());
        }

        // Progress went to standard error, line by line.
        Assert.All(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => Assert.Equal(JsonValueKind.Object, JsonDocument.Parse(line).RootElement.ValueKind));
        var page = await File.ReadAllTextAsync(status.GetProperty("report").GetString()!);
        Assert.Contains(matrix[3][2]!.Value.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture), page, StringComparison.Ordinal);
        Assert.Contains("Reward", page, StringComparison.Ordinal);
        Assert.Equal(status.GetRawText(), (await _run.StatusAsync()).GetRawText());
    }

    [Fact]
    public async Task WhatIsFinishedIsReusedAndALaterStageCanBeAdded()
    {
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var again = await _run.RunAsync();
        Assert.Equal(0, again.ExitCode);
        Assert.Equal(["reused", "reused", "reused"], Events(again.Output, "stage").Select(stage => stage.GetProperty("state").GetString()));
        Assert.Equal(3, _run.Jobs().Count);

        _run.Edit("- name: residue", "- name: again\n  method: SFT\n  task: {uri: \"generated://digits/residue?seed=1&train=64&eval=16\"}\n  parameters: {steps: \"2\", batchSize: \"4\", maxSequenceTokens: \"16\"}\n- name: residue");
        var inserted = await _run.RunAsync();
        Assert.Equal(ExitCodes.BadSpec, inserted.ExitCode);
        Assert.Equal(3, _run.Jobs().Count);
    }

    [Fact]
    public async Task AStageAddedToTheEndIsAllThatIsTrained()
    {
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var manifest = Path.Combine(_run.Root, "run.yaml");
        await File.AppendAllTextAsync(manifest, "\n  - name: last\n    method: SFT\n    task: {uri: \"generated://digits/reverse?seed=1&train=64&eval=16\"}\n    parameters: {steps: \"2\", batchSize: \"4\", maxSequenceTokens: \"16\"}\n");
        var result = await _run.RunAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(["parity", "half", "residue", "last"], _run.Jobs().Select(job => job.GetProperty("stage").GetString()));
        Assert.Equal(5, (await _run.StatusAsync()).GetProperty("matrix").GetArrayLength());
    }

    [Fact]
    public async Task CtrlCSavesAndTheSameCommandGoesOn()
    {
        using var undisturbed = new TinyRun();
        Assert.Equal(0, (await undisturbed.RunAsync()).ExitCode);

        await using (var first = _run.Start())
        {
            await first.EventAsync(line => line.GetProperty("event").GetString() == "step" && line.GetProperty("stage").GetString() == "half");
            // On a terminal both processes receive the interrupt; the runner's SIGTERM must not count as the second one.
            if (_run.TrainerPid() is { } trainer)
            {
                CptProcess.Kill("INT", trainer);
            }

            first.Signal("INT");
            var stopped = await first.EndAsync();
            Assert.True(stopped.ExitCode == ExitCodes.Stopped, stopped.ToString());
            Assert.Contains("Go on with: cpt run -f run.yaml", stopped.Error, StringComparison.Ordinal);
        }

        var between = await _run.StatusAsync();
        Assert.Equal("Interrupted", between.GetProperty("state").GetString());
        var second = await _run.RunAsync();
        Assert.True(second.ExitCode == 0, second.ToString());
        Assert.Equal(Digests(await undisturbed.StatusAsync()), Digests(await _run.StatusAsync()));
        Assert.Equal("reused", Events(second.Output, "stage").First().GetProperty("state").GetString());
    }

    [Fact]
    public async Task ASecondCtrlCDoesNotWaitAndIsNoFaultOfTheStage()
    {
        // Long enough that it is still training when the signals arrive.
        using var run = new TinyRun(steps: 4000);
        await using (var first = run.Start())
        {
            await first.EventAsync(line => line.GetProperty("event").GetString() == "checkpoint");
            // A trainer that hangs: it will not save.
            CptProcess.Kill("STOP", run.TrainerPid()!.Value);
            first.Signal("INT");
            await first.EventAsync(line => line.TryGetProperty("message", out var message) && message.GetString()!.StartsWith("Stopping:", StringComparison.Ordinal));
            first.Signal("INT");
            var stopped = await first.EndAsync();
            Assert.True(stopped.ExitCode == ExitCodes.Stopped, stopped.ToString());
        }

        var stage = (await run.StatusAsync()).GetProperty("stages")[0];
        Assert.Equal((1, 0, 1), (stage.GetProperty("attempts").GetInt32(), stage.GetProperty("retries").GetInt32(), stage.GetProperty("preemptions").GetInt32()));

        // Status, plan and storage agree on where it goes on.
        var plan = await CptProcess.RunAsync(run.Root, "plan", "-f", "run.yaml", "-o", "json");
        var planned = plan.Json.GetProperty("stages")[0];
        Assert.Equal(("continue", $"from the checkpoint of step {stage.GetProperty("step").GetInt32()}, attempt 2"), (planned.GetProperty("what").GetString(), planned.GetProperty("why").GetString()));
        Assert.Contains($"Attempt 2 of stage parity goes on from step {stage.GetProperty("step").GetInt32()}", plan.Output, StringComparison.Ordinal);

        // What an edited stage trained does not count for it.
        run.Edit("learningRate: \"1e-3\", steps: \"4000\", batchSize: \"4\"", "learningRate: \"1e-3\", steps: \"4000\", batchSize: \"2\"");
        var edited = (await CptProcess.RunAsync(run.Root, "plan", "-f", "run.yaml", "-o", "json")).Json.GetProperty("stages")[0];
        Assert.Equal(("train", "starts from the base model"), (edited.GetProperty("what").GetString(), edited.GetProperty("why").GetString()));
    }

    [Fact]
    public async Task ASecondRunnerIsRefusedWithTheFirstOnesPid()
    {
        await using var first = _run.Start();
        await first.EventAsync(line => line.GetProperty("event").GetString() == "stage");
        var second = await _run.RunAsync();
        Assert.Equal(ExitCodes.StorageUnavailable, second.ExitCode);
        Assert.Contains($"process {first.Pid}", second.Error, StringComparison.Ordinal);
        Assert.Equal("Running", (await _run.StatusAsync()).GetProperty("state").GetString());
        Assert.Equal(0, (await first.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task AnotherSeedNeedsAnotherWorkDirectory()
    {
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var refused = await _run.RunAsync("--seed", "4");
        Assert.Equal(ExitCodes.BadSpec, refused.ExitCode);
        Assert.Contains("spec.seed: was 3, is now 4", refused.Error, StringComparison.Ordinal);

        var other = await _run.RunAsync("--seed", "4", "--workdir", Path.Combine(_run.Root, "four"), "-o", "json");
        Assert.Equal(0, other.ExitCode);
        Assert.NotEqual(Digests(await _run.StatusAsync()), Digests(other.Json));
    }

    [Fact]
    public async Task ARunnerKilledWhileItsTrainerWorksTakesTheTrainerWithIt()
    {
        int trainer;
        await using (var runner = _run.Start())
        {
            await runner.EventAsync(line => line.GetProperty("event").GetString() == "step");
            trainer = _run.TrainerPid() ?? throw new InvalidOperationException("no trainer is at work");
            runner.Signal("KILL");
            await runner.EndAsync();
        }

        await Until(() => Cpt.Cli.Running.ProcessIdentity.Of(trainer) is null);
        Assert.Equal("Interrupted", (await _run.StatusAsync()).GetProperty("state").GetString());
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
    }

    private static async Task Until(Func<bool> condition)
    {
        while (!condition())
        {
            await Task.Yield();
        }
    }

    private static List<string> Strings(JsonElement status, string name) => [.. status.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];

    private static List<string?> Digests(JsonElement status) => [.. status.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("checkpointDigest").GetString())];

    private static IEnumerable<JsonElement> Events(string output, string name) =>
        output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).Where(line => line.GetProperty("event").GetString() == name);
}
