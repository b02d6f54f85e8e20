using System.Text.Json;
using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests.Studies;

/// <summary>Whole studies of a tiny model, with the real trainer.</summary>
[Trait("Category", "EndToEnd")]
public sealed class StudyEndToEndTests
{
    [Fact]
    public async Task EveryVariantRunsWithEverySeedAndEqualStagesAreTrainedOnce()
    {
        using var study = new TinyStudy();
        var result = await study.RunAsync("-o", "json", "--csv", "out/rows.csv", "--markdown", "out/table.md", "--report", "out/page.html");
        Assert.True(result.ExitCode == 0, result.ToString());

        var document = result.Json;
        Assert.Equal(("tiny", "sft", 4), (document.GetProperty("study").GetString(), document.GetProperty("baseline").GetString(), document.GetProperty("finished").GetInt32()));
        var other = document.GetProperty("variants")[1];
        Assert.Equal(2, other.GetProperty("measures").GetProperty("averageAccuracy").GetProperty("count").GetInt32());
        Assert.Equal(2, other.GetProperty("fromBaseline").GetProperty("general").GetProperty("count").GetInt32());
        Assert.All(["forwardTransfer", "tokens", "seconds", "steps"], measure => Assert.True(other.GetProperty("measures").TryGetProperty(measure, out _), measure));

        // Both variants wanted the first stage at the same time: one trained it for each seed.
        var jobs = study.Jobs();
        Assert.Equal(2, jobs.Count(job => job.Job.GetProperty("stage").GetString() == "parity"));
        Assert.Equal(4, jobs.Count(job => job.Job.GetProperty("stage").GetString() == "half"));
        Assert.Equal(["rows.csv", "table.md", "page.html"], ((string[])["rows.csv", "table.md", "page.html"]).Where(name => new FileInfo(Path.Combine(study.Root, "out", name)).Length > 0));
        Assert.Equal(5, (await File.ReadAllLinesAsync(Path.Combine(study.Work, "results.csv"))).Length);
        Assert.Contains("study -f study.yaml", await File.ReadAllTextAsync(Path.Combine(study.Root, "out", "table.md")), StringComparison.Ordinal);

        // Again: nothing is trained, and the table is the same.
        var again = await study.RunAsync("-o", "json");
        Assert.True(again.ExitCode == 0, again.ToString());
        Assert.Equal(jobs.Count, study.Jobs().Count);
        Assert.Equal(document.GetProperty("variants").GetRawText(), again.Json.GetProperty("variants").GetRawText());

        // Each run's directory is one of cpt run, and the study's own is known to status, report and plan.
        var run = await CptProcess.RunAsync(study.Root, "report", "--workdir", ".cpt/tiny/runs/tiny-other-2", "-o", "-");
        Assert.True(run.ExitCode == 0 && run.Output.Contains("tiny-other-2", StringComparison.Ordinal) && !run.Output.Contains("No such", StringComparison.Ordinal), run.ToString());
        var status = await CptProcess.RunAsync(study.Root, "status", "-o", "json");
        Assert.Equal(document.GetProperty("variants").GetRawText(), status.Json.GetProperty("variants").GetRawText());
        var report = await CptProcess.RunAsync(study.Root, "report", "--workdir", ".cpt/tiny", "-o", "-");
        Assert.Contains("Against sft", report.Output, StringComparison.Ordinal);
        var plan = await CptProcess.RunAsync(study.Root, "plan", "-f", "study.yaml");
        // Who of the two trained the first stage is chance; the other one took it over.
        Assert.Matches("tiny-sft-1: parity (keep|reuse), half keep", plan.Output);
    }

    [Fact]
    public async Task AStoppedStudyGoesOnWhereItStoppedAndEndsWithTheSameModels()
    {
        using var calm = new TinyStudy("SFT");
        Assert.Equal(0, (await calm.RunAsync()).ExitCode);

        using var stopped = new TinyStudy("SFT");
        await using (var first = stopped.Start())
        {
            await first.EventAsync(line => line.GetProperty("event").GetString() == "checkpoint");
            first.Signal("TERM");
            var ended = await first.EndAsync();
            Assert.True(ended.ExitCode == ExitCodes.Stopped, ended.ToString());
            Assert.Contains("Go on with: ", ended.Error, StringComparison.Ordinal);
        }

        // More side by side than before: the threads of a run stay what they were, and so does what it computes.
        var second = await stopped.RunAsync("--concurrency", "3");
        Assert.True(second.ExitCode == 0, second.ToString());
        foreach (var name in (string[])["tiny-sft-1", "tiny-other-1", "tiny-sft-2", "tiny-other-2"])
            Assert.Equal(await DigestsAsync(calm, name), await DigestsAsync(stopped, name));
    }

    [Fact]
    public async Task ARunThatFailsStopsNoOtherAndIsNamed()
    {
        using var study = new TinyStudy("SFT", "file://./no-such-task");
        var result = await study.RunAsync("-o", "text");
        Assert.True(result.ExitCode == 64, result.ToString());
        Assert.Contains("one column of scores cannot hold both", result.Error, StringComparison.Ordinal);

        // With a storage of its own the variant may have another task; that it does not exist shows only when it runs.
        var path = Path.Combine(study.Root, "study.yaml");
        await File.WriteAllTextAsync(path, (await File.ReadAllTextAsync(path)).Replace("    patch:\n", "    patch:\n      storage: {uri: pvc://checkpoints/other}\n", StringComparison.Ordinal));
        var mended = await study.RunAsync("-o", "text");
        Assert.True(mended.ExitCode == 1, mended.ToString());
        Assert.Contains("2 of 4 runs finished", mended.Output, StringComparison.Ordinal);
        Assert.Contains("tiny-other-1: failed: ", mended.Output, StringComparison.Ordinal);
        Assert.Contains("no-such-task", mended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStudyIsValidatedAndPlannedAndIsNotARun()
    {
        using var study = new TinyStudy();
        var valid = await CptProcess.RunAsync(study.Root, "validate", "-f", "study.yaml", "-f", "run.yaml");
        Assert.True(valid.ExitCode == 0, valid.ToString());
        Assert.Contains("study.yaml: valid: ContinualStudy tiny, 4 runs: 2 variants (sft, other) with 2 seeds", valid.Output, StringComparison.Ordinal);

        var plan = await CptProcess.RunAsync(study.Root, "plan", "-f", "study.yaml", "-o", "json");
        Assert.True(plan.ExitCode == 0, plan.ToString());
        Assert.Equal(["tiny-sft-1", "tiny-other-1", "tiny-sft-2", "tiny-other-2"], plan.Json.EnumerateArray().Select(run => run.GetProperty("run").GetString()));
        Assert.False(Directory.Exists(Path.Combine(study.Root, ".cpt")));

        var wrong = await CptProcess.RunAsync(study.Root, "run", "-f", "study.yaml");
        Assert.Equal(64, wrong.ExitCode);
        Assert.Contains("study -f study.yaml", wrong.Error, StringComparison.Ordinal);
        Assert.Contains("run -f run.yaml", (await CptProcess.RunAsync(study.Root, "study", "-f", "run.yaml")).Error, StringComparison.Ordinal);
    }

    private static async Task<string[]> DigestsAsync(TinyStudy study, string run)
    {
        using var status = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(study.Work, "runs", run, "status.json")));
        return [.. status.RootElement.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("checkpointDigest").GetString()!)];
    }
}
