using System.Text.Json;
using Cpt.Cli.Commands;
using Cpt.Cli.Memory;

namespace Cpt.Cli.Tests;

public sealed class ModelPlanTests
{
    [Fact]
    public void SevenBillionWeightsDoNotFitAndTheKnobsThatHelpAreNamed()
    {
        var (code, output, _) = Run("plan", "--shape", "qwen2.5-7b", "--method", "RFT", "--gpu-memory", "80Gi", "-o", "json");
        Assert.Equal(1, code);
        var plan = JsonDocument.Parse(output).RootElement;
        Assert.False(plan.GetProperty("fits").GetBoolean());
        Assert.Equal(80L << 30, plan.GetProperty("available").GetInt64());
        Assert.Equal(7_615_616_512, plan.GetProperty("parameters").GetInt64());
        Assert.Equal(4 * 7_615_616_512, plan.GetProperty("bytes").GetProperty("weights").GetInt64());
        var knobs = plan.GetProperty("knobs").EnumerateArray().ToDictionary(knob => knob.GetProperty("name").GetString()!, knob => knob.GetProperty("fits").GetBoolean(), StringComparer.Ordinal);
        Assert.False(knobs["gradient checkpointing"]);
        Assert.True(knobs["all of it: LoRA, bfloat16 weights, checkpointing, one sequence a pass"]);
    }

    [Fact]
    public void ALoraBesideBfloat16WeightsFitsOneGpu()
    {
        var (code, output, _) = Run(
            "plan", "--shape", "qwen2.5-7b", "--method", "SFT", "--gpu-memory", "80Gi", "--precision", "bfloat16-master", "--lora", "16", "--micro-batch", "4", "--gradient-checkpointing");
        Assert.Equal(0, code);
        Assert.Contains("fits into 80.0 GiB", output, StringComparison.Ordinal);
        Assert.Matches(@"weights +14\.2 GiB", output);
        Assert.Contains("LoRA of rank 16", output, StringComparison.Ordinal);
        Assert.DoesNotContain("KV cache", output, StringComparison.Ordinal);
    }

    [Fact]
    public void ADirectoryNeedsNoMoreThanItsConfiguration()
    {
        var root = Directory.CreateTempSubdirectory("cpt-plan-").FullName;
        File.Copy(Path.Combine(Repository.Root, "tests", "data", "golden", "qwen2_5_vl", "config.json"), Path.Combine(root, "config.json"));
        var (code, output, error) = Run("plan", "--model", root, "--method", "RFT", "--context", "64", "--images", "1");
        Directory.Delete(root, recursive: true);
        Assert.True(code == 0, error);
        Assert.Contains("KV cache", output, StringComparison.Ordinal);
        Assert.DoesNotContain("fits into", output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("give either --model DIR or --shape NAME")]
    [InlineData("give either --model DIR or --shape NAME", "--model", ".", "--shape", "qwen2.5-7b")]
    [InlineData("--gpu-memory: eighty is no amount of memory; use one such as 80Gi, 81559Mi or 24G", "--shape", "qwen2.5-7b", "--gpu-memory", "eighty")]
    [InlineData("--context: 1 is too small; use 2 or more", "--shape", "qwen2.5-7b", "--context", "1")]
    public void AWrongCommandLineIsNamed(string message, params string[] arguments)
    {
        var errors = ModelCommand.Create().Parse(["plan", .. arguments]).Errors.Select(error => error.Message);
        Assert.Contains(message, errors);
    }

    [Fact]
    public void AMissingModelEndsWith66() => Assert.Equal(66, Run("plan", "--model", "/nowhere/at/all").Code);

    [Theory]
    [InlineData("80Gi", 80L << 30)]
    [InlineData("81559Mi", 81559L << 20)]
    [InlineData("24G", 24_000_000_000)]
    [InlineData("1.5Gi", 3L << 29)]
    [InlineData("1000", 1000)]
    public void AmountsAreKubernetesQuantities(string text, long bytes) => Assert.Equal(bytes, ByteQuantity.Parse(text));

    [Theory]
    [InlineData("")]
    [InlineData("-1Gi")]
    [InlineData("0")]
    [InlineData("80GB")]
    [InlineData("Gi")]
    public void WhatIsNoAmountIsNotTaken(string text) => Assert.Null(ByteQuantity.Parse(text));

    /// <summary>Numbers of weights as published.</summary>
    [Theory]
    [InlineData("qwen2.5-0.5b", 494_032_768)]
    [InlineData("qwen2.5-1.5b", 1_543_714_304)]
    [InlineData("qwen2.5-3b", 3_085_938_688)]
    [InlineData("qwen2.5-7b", 7_615_616_512)]
    [InlineData("qwen2.5-vl-7b", 8_292_166_656)]
    public void TheShapesAreThoseOfThePublishedModels(string shape, long parameters) => Assert.Equal(parameters, PlanShapes.All[shape].ParameterCount);

    private static (int Code, string Output, string Error) Run(params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = ModelCommand.Create().Parse(arguments).Invoke(new() { Output = output, Error = error });
        return (code, output.ToString(), error.ToString());
    }
}
