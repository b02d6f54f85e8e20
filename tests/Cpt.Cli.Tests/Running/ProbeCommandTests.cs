using Cpt.Cli.Tests.Support;

namespace Cpt.Cli.Tests.Running;

public sealed class ProbeCommandTests : IDisposable
{
    private readonly TinyRun _run = new();

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task TheFirstStageIsProbedWithTheBaseModelAndNothingIsWritten()
    {
        var result = await ProbeAsync("-o", "json", "--samples", "5", "--rollouts", "3");
        Assert.True(result.ExitCode == 0, result.ToString());
        var report = result.Json;
        Assert.Equal(("SFT", 5, 3), (report.GetProperty("verdict").GetString(), report.GetProperty("samples").GetInt32(), report.GetProperty("rollouts").GetInt32()));
        Assert.Equal(1.0, report.GetProperty("allWrong").GetDouble() + report.GetProperty("mixed").GetDouble() + report.GetProperty("allRight").GetDouble(), 9);
        Assert.Equal(64, report.GetProperty("modelDigest").GetString()!.Length);
        Assert.False(Directory.Exists(_run.Work));

        var again = await ProbeAsync("-o", "json", "--samples", "5", "--rollouts", "3");
        Assert.Equal(result.Output, again.Output);
    }

    [Fact]
    public async Task APersonReadsVerdictReasonsFiguresAndAnExample()
    {
        var result = await ProbeAsync("--samples", "5", "--rollouts", "3");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.StartsWith("SFT: 0 % of rollouts solve their sample, 0 % of groups are mixed", result.Output, StringComparison.Ordinal);
        Assert.Contains("- Rewards differ in only 0 % of groups, and only those give RFT a gradient", result.Output, StringComparison.Ordinal);
        Assert.Contains("stage parity, task parity, 5 train samples, 3 rollouts each", result.Output, StringComparison.Ordinal);
        Assert.Contains("solved by 0 of 3:", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ALaterStageIsProbedWithTheResultOfTheStageBeforeOnceThereIsOne()
    {
        var early = await ProbeAsync("--stage", "half");
        Assert.True(early.ExitCode == 66, early.ToString());
        Assert.Contains("stage half starts from the result of stage parity, which ", early.Error, StringComparison.Ordinal);
        Assert.Contains("Run the chain up to there first, or probe stage parity, which starts from the base model.", early.Error, StringComparison.Ordinal);

        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var committed = (await _run.StatusAsync()).GetProperty("stages")[0].GetProperty("checkpointDigest").GetString();
        var late = await ProbeAsync("--stage", "half", "-o", "json");
        Assert.True(late.ExitCode == 0, late.ToString());
        Assert.Equal(committed, late.Json.GetProperty("modelDigest").GetString());
        Assert.Equal("half", late.Json.GetProperty("task").GetString());
    }

    [Fact]
    public async Task AnUnknownStageIsNamedBesideThoseThereAre()
    {
        var result = await ProbeAsync("--stage", "thirds");
        Assert.Equal(64, result.ExitCode);
        Assert.Contains("--stage: run tiny has no stage thirds; it has parity, half, residue", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AStageWithAProbeAndAFilterSaysInStatusAndReportWhatTheyFound()
    {
        _run.Edit("method: RFT\n", "method: RFT\n    probe: {samples: 6, rollouts: 4}\n");
        _run.Edit("preflightRollouts: 0}", "preflightRollouts: 0, instanceFilter: {rollouts: 4, minimumSolved: 0, maximumSolved: 3}}");
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var stage = (await _run.StatusAsync()).GetProperty("stages")[1];
        Assert.Contains("of groups are mixed", stage.GetProperty("probe").GetString(), StringComparison.Ordinal);
        var (kept, of) = (stage.GetProperty("instancesKept").GetInt32(), stage.GetProperty("instances").GetInt32());
        Assert.Equal(64, of);
        Assert.InRange(kept, 1, 64);

        var text = await CptProcess.RunAsync(_run.Root, "status", "--workdir", _run.Work);
        Assert.Contains($"{kept}/64 (", text.Output, StringComparison.Ordinal);
        Assert.Contains($"Probe before half: {stage.GetProperty("probe").GetString()![..8]}", text.Output, StringComparison.Ordinal);
        var page = File.ReadAllText(Path.Combine(_run.Work, "report.html"));
        Assert.Contains("<h2>Samples learned from</h2>", page, StringComparison.Ordinal);
        Assert.Contains("<h2>Probes</h2>", page, StringComparison.Ordinal);
        Assert.Contains($"<th scope=\"row\">half</th><td class=\"n\">{kept}</td><td class=\"n\">64</td>", page, StringComparison.Ordinal);
    }

    private Task<CptResult> ProbeAsync(params string[] arguments) => CptProcess.RunAsync(_run.Root, ["probe", "-f", "run.yaml", .. arguments]);
}
