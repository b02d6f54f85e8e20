using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Cli.Commands;
using Cpt.Contract;

namespace Cpt.Cli.Tests;

public sealed class BenchTrainerTests
{
    private const string Python = "/usr/bin/python3";

    private static readonly BenchSize s_tiny = new()
    {
        Name = "tiny", HiddenSize = 32, Layers = 1, Heads = 2, KeyValueHeads = 1, IntermediateSize = 48, Vocabulary = 300,
        Batch = 2, Tokens = 8, Rows = 4, PromptTokens = 3, NewTokens = 4, StepsPerRound = 1, RolloutsPerRound = 1,
    };

    [Fact]
    public void BothSidesAreTimedOnTheSameModelInTurnsAndMemoryIsReadTenTimes()
    {
        Assert.SkipUnless(HasTorch(), $"{Python} has no torch: apt-get install python3-torch");
        using var log = new StringWriter();
        var report = new TrainerBenchmark { Sizes = [s_tiny], Rounds = 2, MemorySteps = 20, Threads = 2, Python = Python, Log = log }.Run(TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(report, CliJson.Readable.TrainerReport));
        var root = json.RootElement;
        var size = Assert.Single(root.GetProperty("sizes").EnumerateArray());
        Assert.Equal(Weights(s_tiny), size.GetProperty("parameters").GetInt64());
        foreach (var what in (string[])["training", "rollouts"])
        {
            var figures = size.GetProperty(what);
            var pairs = figures.GetProperty("pairs").EnumerateArray().ToArray();
            Assert.Equal(2, pairs.Length);
            Assert.All(pairs, pair => Assert.Equal(
                pair.GetProperty("ours").GetProperty("tokensPerSecond").GetDouble() / pair.GetProperty("peer").GetProperty("tokensPerSecond").GetDouble(), pair.GetProperty("ratio").GetDouble(), 9));
            var ratios = pairs.Select(pair => pair.GetProperty("ratio").GetDouble()).Order().ToArray();
            Assert.Equal(ratios[0], figures.GetProperty("lowestRatio").GetDouble());
            Assert.Equal(ratios[1], figures.GetProperty("highestRatio").GetDouble());
            Assert.Equal(ratios.Average(), figures.GetProperty("ratio").GetDouble(), 9);
            Assert.Equal(figures.GetProperty("ratio").GetDouble(), root.GetProperty("lowest").GetProperty(what).GetDouble());
            Assert.True(figures.GetProperty("cpuRatio").GetDouble() > 0);
        }

        Assert.Equal([2, 4, 6, 8, 10, 12, 14, 16, 18, 20], root.GetProperty("memory").GetProperty("readings").EnumerateArray().Select(reading => reading.GetProperty("step").GetInt32()));
        Assert.All(root.GetProperty("memory").GetProperty("readings").EnumerateArray(), reading => Assert.InRange(reading.GetProperty("residentBytes").GetInt64(), 10 << 20, 4L << 30));
        Assert.Equal(root.GetProperty("ours").GetProperty("blas").ToString(), root.GetProperty("peer").GetProperty("blas").ToString());
        Assert.Equal(2, root.GetProperty("peer").GetProperty("threads").GetInt32());

        var text = TrainerReportText.Of(report);
        Assert.Contains("tiny, training", text, StringComparison.Ordinal);
        Assert.Contains("after 20:", text, StringComparison.Ordinal);
    }

    [Fact]
    public void APythonWithoutPyTorchIsToldWithThePackageThatBringsIt()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-bench-test-").FullName;
        try
        {
            // Answers as Python does when the import fails.
            var python = Path.Combine(directory, "python");
            File.WriteAllText(python, "#!/bin/sh\necho \"ModuleNotFoundError: No module named 'torch'\" >&2\nexit 1\n");
            File.SetUnixFileMode(python, UnixFileMode.UserRead | UnixFileMode.UserExecute);
            var (code, error) = Run("--python", python);
            Assert.Equal(ExitCodes.StorageUnavailable, code);
            Assert.Equal($"The peer is PyTorch, and {python} has none. On Debian: apt-get install python3-torch\n", error);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [Fact]
    public void AMissingPythonIsToldWithThePackageThatBringsIt()
    {
        var (code, error) = Run("--python", "/nonexistent/python3");
        Assert.Equal(ExitCodes.StorageUnavailable, code);
        Assert.Contains("/nonexistent/python3 could not be started", error, StringComparison.Ordinal);
        Assert.Contains("apt-get install python3-torch", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rounds", "0", "--rounds: 0 is too small; use 1 or more")]
    [InlineData("--memory-steps", "-1", "--memory-steps: -1 is too small; use 0 or more")]
    public void ImpossibleValuesAreRefusedByOption(string option, string value, string message) =>
        Assert.Equal(message, Assert.Single(BenchTrainerCommand.Create().Parse([option, value]).Errors).Message);

    private static (int Code, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = BenchTrainerCommand.Create().Parse(arguments).Invoke(new InvocationConfiguration { Output = output, Error = error });
        Assert.Equal("", output.ToString());
        return (code, error.ToString());
    }

    private static bool HasTorch()
    {
        if (!File.Exists(Python))
        {
            return false;
        }

        using var process = Process.Start(new ProcessStartInfo(Python, ["-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('torch') is None)"]))!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }

    /// <summary>Weights of a decoder, counted by hand.</summary>
    private static long Weights(BenchSize size)
    {
        long d = size.HiddenSize, kv = d / size.Heads * size.KeyValueHeads;
        var attention = (d * (d + (2 * kv))) + d + (2 * kv) + (d * d);
        return (2 * size.Vocabulary * d) + (size.Layers * (attention + (3 * d * size.IntermediateSize) + (2 * d))) + d;
    }
}
