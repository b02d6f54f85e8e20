using System.Text.Json;
using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Running;

/// <summary>SIGKILL for the trainer or the runner, at moments chosen by a seed.</summary>
public sealed class KillTests
{
    private const int Kills = 10;

    [Fact]
    [Trait("Category", "EndToEnd")]
    public async Task TenKillsAtRandomMomentsChangeNothingOfTheResult()
    {
        using var undisturbed = new TinyRun(steps: 40, interval: 2);
        var calm = await undisturbed.RunAsync();
        Assert.True(calm.ExitCode == 0, calm.ToString());

        using var disturbed = new TinyRun(steps: 40, interval: 2);
        var random = new Random(20250705);
        var kills = 0;
        var lines = new List<string>();
        CptResult result;
        do
        {
            await using var runner = disturbed.Start();
            var killed = await KillAsync(runner);
            result = await runner.EndAsync();
            lines.AddRange(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries));
            if (!killed)
            {
                break;
            }
        }
        while (true);

        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Equal(Kills, kills);
        Assert.Equal(Result(await undisturbed.StatusAsync()), Result(await disturbed.StatusAsync()));

        foreach (var stage in (string[])["parity", "half", "residue"])
        {
            var jobs = disturbed.Jobs().Where(job => job.GetProperty("stage").GetString() == stage).ToList();
            var finished = jobs.FindIndex(job => job.GetProperty("state").GetString() == "Succeeded");
            // A kill between the commit and the runner's note of it may leave one attempt that only finds everything done.
            Assert.All(jobs.Skip(finished + 1), job => Assert.True(job.GetProperty("evaluateOnly").GetBoolean()));
            Assert.Equal(Enumerable.Range(1, jobs.Count), jobs.Select(job => job.GetProperty("attempt").GetInt32()));
            Assert.InRange(lines.Select(line => JsonDocument.Parse(line).RootElement).Count(line =>
                line.GetProperty("event").GetString() == "stage" && line.GetProperty("stage").GetString() == stage && line.GetProperty("state").GetString() == "succeeded"), 0, 1);
        }

        // Reads the runner's events and kills somebody every now and then; true when it was the runner, false when the run ended.
        async Task<bool> KillAsync(CptProcess runner)
        {
            while (kills < Kills)
            {
                for (var wait = random.Next(1, 18); wait > 0; wait--)
                {
                    if (await runner.LineAsync() is null)
                    {
                        return false;
                    }
                }

                if (random.Next(2) == 0)
                {
                    runner.Signal("KILL");
                    kills++;
                    return true;
                }

                if (disturbed.TrainerPid() is { } trainer)
                {
                    CptProcess.Kill("KILL", trainer);
                    kills++;
                }
            }

            return false;
        }
    }

    /// <summary>What must not depend on what happened on the way.</summary>
    private static string Result(JsonElement status) => JsonSerializer.Serialize(new
    {
        State = status.GetProperty("state").GetString(),
        Matrix = status.GetProperty("matrix").GetRawText(),
        Forgetting = status.GetProperty("forgetting").GetDouble(),
        Checkpoints = status.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("checkpointDigest").GetString()).ToList(),
    });
}
