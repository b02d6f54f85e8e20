using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Operator;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Cli.Commands;
using Cpt.Contract;

namespace Cpt.Cli.Tests;

public sealed class BenchOperatorTests
{
    [Fact]
    [Trait("Category", "Cluster")]
    public async Task EverythingIsMeasuredOnARealApiServer()
    {
        using var log = new StringWriter();
        await using var benchmark = new OperatorBenchmark(BenchSettings.Quick, log);
        var report = await benchmark.RunAsync(TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(report, CliJson.Readable.OperatorReport));
        var figures = json.RootElement.GetProperty("figures").EnumerateArray().ToDictionary(figure => figure.GetProperty("name").GetString()!, StringComparer.Ordinal);
        foreach (var name in (string[])
            [
                "start to ready, no runs", "memory idle", "idle: handoff p50", "idle: handoff p99", "API writes per clean stage", "transitions a second", "transitions a second, null controller",
                "20 live runs: memory per 1,000 runs", "20 live runs: handoff p99", "20 live runs: start to synced",
            ])
        {
            Assert.True(figures[name].GetProperty("value").GetDouble() > 0, name);
        }

        Assert.Equal(0, figures["API writes per no-op reconcile"].GetProperty("value").GetDouble());
        // A stage is one Job, whatever else is written.
        Assert.Equal(1, report.CallsPerStage["create jobs"]);
        Assert.InRange(figures["API writes per clean stage"].GetProperty("value").GetDouble(), 2, 8);
        Assert.All(report.Cpu, phase => Assert.True(phase.Cores["apiserver"] > 0));
        Assert.True(report.StandInCalls["post pods"] >= 8 + 16 + 20);

        var text = OperatorReportText.Of(report);
        Assert.Contains("idle: handoff p99", text, StringComparison.Ordinal);
        Assert.Contains("--quick", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("10,5")]
    [InlineData("many")]
    [InlineData("1000,")]
    public void NumbersOfRunsMustRise(string runs) => Assert.Equal(
        $"--runs: {runs} is not a rising list of whole numbers above 0, for example 1000,10000", Assert.Single(BenchOperatorCommand.Create().Parse(["--runs", runs]).Errors).Message);

    [Fact]
    public void AMissingOperatorIsToldByItsPath()
    {
        Environment.SetEnvironmentVariable(OperatorProcess.Variable, "/nonexistent/cpt-operator.dll");
        try
        {
            var error = Assert.Throws<CliException>(() => OperatorProcess.Start("kubeconfig", "/tmp", "/dev/null"));
            Assert.Equal(ExitCodes.InputNotFound, error.ExitCode);
            Assert.Contains("/nonexistent/cpt-operator.dll", error.Message, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(OperatorProcess.Variable, null);
        }
    }

    [Fact]
    public void TheAuditLogIsCountedOnceAndWithoutItsUnfinishedLine()
    {
        var file = Path.GetTempFileName();
        try
        {
            var counts = new AuditCounts(file);
            File.WriteAllText(file, Entry("create", "jobs") + Entry("patch", "continualruns", "status") + Entry("patch", "continualruns", "status") + Entry("watch", "jobs") + """{"verb":"get","obj""");

            Assert.Equal([new("create jobs", 1), new("patch continualruns/status", 2)], counts.Take());
            File.AppendAllText(file, """ectRef":{"resource":"leases"}}""" + "\n");
            Assert.Equal([new("get leases", 1)], counts.Take());
            Assert.Empty(counts.Take());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Theory]
    [InlineData("create jobs", true, false)]
    [InlineData("patch continualruns/status", true, false)]
    [InlineData("update leases", true, true)]
    [InlineData("list pods", false, false)]
    public void CallsAreWritesOrReadsAndLeasesApart(string call, bool write, bool lease) => Assert.Equal((write, lease), (AuditCounts.IsWrite(call), AuditCounts.IsLease(call)));

    [Fact]
    public void AGoalIsMetFromItsOwnSide()
    {
        Assert.True(new Figure("latency", 50, "ms", Goal: 50).Met);
        Assert.False(new Figure("latency", 51, "ms", Goal: 50).Met);
        Assert.True(new Figure("rate", 100, "1/s", Goal: 100, AtLeast: true).Met);
        Assert.False(new Figure("rate", 99, "1/s", Goal: 100, AtLeast: true).Met);
        Assert.Null(new Figure("size", 1, "MB").Met);
    }

    [Theory]
    [InlineData(50, 5)]
    [InlineData(99, 10)]
    [InlineData(100, 10)]
    [InlineData(0, 1)]
    public void APercentileIsAValueThatWasMeasured(double percent, double value) =>
        Assert.Equal(value, Statistics.Percentile([10, 9, 8, 7, 6, 5, 4, 3, 2, 1], percent));

    [Fact]
    public void AProcessIsReadAsLinuxHasIt()
    {
        var memory = ProcessFacts.Memory(Environment.ProcessId);
        Assert.InRange(memory.ResidentBytes, 10 << 20, 8L << 30);
        Assert.InRange(memory.ProportionalBytes, 1 << 20, memory.ResidentBytes);

        var before = ProcessFacts.CpuSeconds(Environment.ProcessId);
        var watch = new CpuWatch(new Dictionary<string, int>(StringComparer.Ordinal) { ["operator"] = Environment.ProcessId });
        var start = Stopwatch.GetTimestamp();
        while (ProcessFacts.CpuSeconds(Environment.ProcessId) - before < 0.05 && Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(60))
        {
            Thread.SpinWait(100_000);
        }

        var report = watch.Stop("spinning");
        Assert.True(report.Cores["operator"] > 0);
        Assert.True(report.Busy > 0);
    }

    private static string Entry(string verb, string resource, string? subresource = null) =>
        $$$"""{"verb":"{{{verb}}}","objectRef":{"resource":"{{{resource}}}"{{{(subresource is null ? "" : $",\"subresource\":\"{subresource}\"")}}}}}""" + "\n";
}
