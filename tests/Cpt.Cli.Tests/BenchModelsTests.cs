using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using Cpt.Cli.Benchmarks.Models;
using Cpt.Cli.Commands;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Cli.Tests;

public sealed class BenchModelsTests
{
    private const string Python = "/usr/bin/python3";

    private static readonly ModelShape s_tiny = new()
    {
        Name = "tiny", Batch = 2, Tokens = 8, Rows = 4, PromptTokens = 3, NewTokens = 4,
        Model = new ModelConfig
        {
            VocabSize = 300, HiddenSize = 32, IntermediateSize = 48, NumHiddenLayers = 1, NumAttentionHeads = 2, NumKeyValueHeads = 1, HeadDim = 16,
            MaxPositionEmbeddings = 64, TieWordEmbeddings = true, EosTokenIds = [ByteTokenizer.EndOfTextId], PadTokenId = ByteTokenizer.EndOfTextId,
        },
    };

    [Fact]
    public void BothSidesAreTimedOnTheSameModelInEveryPrecision()
    {
        Assert.SkipUnless(HasTorch(), $"{Python} has no torch: apt-get install python3-torch");
        using var log = new StringWriter();
        var report = Benchmark(Python, log, [.. Precision.All]).Run(TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(JsonSerializer.Serialize(report, CliJson.Readable.ModelsReport));
        var root = json.RootElement;
        Assert.Equal("cpu", root.GetProperty("device").GetString());
        Assert.StartsWith("PyTorch ", root.GetProperty("peer").GetString(), StringComparison.Ordinal);
        var shapes = root.GetProperty("shapes").EnumerateArray().ToArray();
        Assert.Equal(Precision.All, shapes.Select(shape => shape.GetProperty("precision").GetString()));
        foreach (var shape in shapes)
        {
            Assert.Equal(("tiny", Weights(s_tiny.Model)), (shape.GetProperty("shape").GetString(), shape.GetProperty("parameters").GetInt64()));
            var works = shape.GetProperty("work").EnumerateArray().ToArray();
            Assert.Equal(["forward", "decoding", "training"], works.Select(work => work.GetProperty("name").GetString()));
            foreach (var (work, tokens) in works.Zip((long[])[2 * 8, 4 * 4, 2 * 8]))
            {
                var (ours, peer) = (work.GetProperty("ours"), work.GetProperty("peer"));
                foreach (var side in (JsonElement[])[ours, peer])
                {
                    Assert.Equal((tokens, 2), (side.GetProperty("tokens").GetInt64(), side.GetProperty("seconds").GetArrayLength()));
                    Assert.All(side.GetProperty("seconds").EnumerateArray(), second => Assert.True(second.GetDouble() > 0));
                    Assert.False(side.TryGetProperty("peakBytes", out var peak) && peak.ValueKind != JsonValueKind.Null, "a CPU has no device memory");
                }

                Assert.Equal(Speed(ours) / Speed(peer), work.GetProperty("ratio").GetDouble(), 9);
            }
        }

        var text = ModelsReportText.Of(report);
        Assert.Contains("tiny, bfloat16-master, training", text, StringComparison.Ordinal);
        Assert.Contains("tiny, float32, decoding: ours", log.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void AModelThatSeesHasAPeerThatSeesAndBothAreFedTheSameTokens()
    {
        Assert.SkipUnless(HasTorch(), $"{Python} has no torch: apt-get install python3-torch");
        // Four windows of 4 × 4 image tokens, and 3 letters behind the image and its marks.
        var tiny = s_tiny with
        {
            Name = "tiny-vl", Tokens = 74, PromptTokens = 69, ImagePatches = 16,
            Model = s_tiny.Model with
            {
                ModelType = "qwen2_5_vl", MaxPositionEmbeddings = 128, RopeSections = [2, 3, 3], ImageTokenId = ByteTokenizer.ImageId, VideoTokenId = ByteTokenizer.VideoId,
                VisionStartTokenId = ByteTokenizer.VisionStartId, VisionEndTokenId = ByteTokenizer.VisionEndId,
                Vision = new VisionConfig { Depth = 2, HiddenSize = 32, IntermediateSize = 40, NumHeads = 2, OutHiddenSize = 32, FullAttentionBlocks = [1] },
            },
        };
        Assert.Equal((64, 6), (tiny.ImageTokens, tiny.LearnedTokens));
        using var log = new StringWriter();
        var report = (Benchmark(Python, log, [Precision.Float32, Precision.BFloat16Pure]) with { Shapes = [tiny] }).Run(TestContext.Current.CancellationToken);

        // That the peer has as many weights is the benchmark's own check; it ends it otherwise.
        Assert.All(report.Shapes.SelectMany(shape => shape.Work), work => Assert.True(work is { Ours.TokensPerSecond: > 0, Peer.TokensPerSecond: > 0, Failure: null, PeerFailure: null }, log.ToString()));
        Assert.Equal([2 * 74, 4 * 4, 2 * 74], report.Shapes[0].Work.Select(work => work.Ours!.Tokens));
    }

    [Fact]
    public void WithoutAPeerThereAreNoRatios()
    {
        using var log = new StringWriter();
        var report = Benchmark(null, log, [Precision.Float32]).Run(TestContext.Current.CancellationToken);
        Assert.Null(report.Peer);
        Assert.All(Assert.Single(report.Shapes).Work, work => Assert.True(work is { Ours.TokensPerSecond: > 0, Peer: null, Ratio: null, Failure: null }));
        Assert.Contains("peer: none", ModelsReportText.Of(report), StringComparison.Ordinal);
    }

    [Fact]
    public void ShapesCountTheWeightsOfTheModelsTheyAreNamedAfter()
    {
        // Qwen2.5-0.5B and Qwen2.5-7B as their model cards count them.
        Assert.Equal(494_032_768, ModelShape.Half.Model.ParameterCount);
        Assert.Equal(7_615_616_512, ModelShape.Seven.Model.ParameterCount);
    }

    [Fact]
    public void AGpuThatIsNotThereIsSaid()
    {
        Assert.SkipWhen(torch.cuda_is_available(), "this machine has one");
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var code = BenchModelsCommand.Create().Parse(["--device", "cuda"]).Invoke(new InvocationConfiguration { Output = output, Error = error });
        Assert.Equal((ExitCodes.StorageUnavailable, ""), (code, output.ToString()));
        Assert.StartsWith("device cuda: libtorch finds no CUDA device here", error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rounds", "0")]
    [InlineData("--batch", "-1")]
    [InlineData("--shape", "70b")]
    [InlineData("--precision", "fp8")]
    [InlineData("--work", "sleeping")]
    [InlineData("--device", "tpu")]
    public void ImpossibleValuesAreRefusedByOption(string option, string value) =>
        Assert.Contains(value, Assert.Single(BenchModelsCommand.Create().Parse([option, value]).Errors).Message, StringComparison.Ordinal);

    private static ModelsBenchmark Benchmark(string? python, TextWriter log, IReadOnlyList<string> precisions) => new()
    {
        Shapes = [s_tiny], Precisions = precisions, Work = ModelsBenchmark.Kinds, Device = torch.CPU, Rounds = 2, Threads = 2, Python = python, Log = log,
    };

    private static double Speed(JsonElement side)
    {
        double[] seconds = [.. side.GetProperty("seconds").EnumerateArray().Select(second => second.GetDouble())];
        return side.GetProperty("tokens").GetInt64() / seconds.Average(); // of two, the median is the mean
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

    /// <summary>Weights of a decoder with tied embeddings, counted by hand.</summary>
    private static long Weights(ModelConfig model)
    {
        long d = model.HiddenSize, kv = (long)model.HeadDim * model.NumKeyValueHeads;
        var attention = (d * (d + (2 * kv))) + d + (2 * kv) + (d * d);
        return (model.VocabSize * d) + (model.NumHiddenLayers * (attention + (3 * d * model.IntermediateSize) + (2 * d))) + d;
    }
}
