using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;
using Cpt.Trainer.Stages;

namespace Cpt.Trainer.Tests;

public sealed class StageSpecReaderTests
{
    [Fact]
    public void WhatTheContractWritesIsReadBackEqual()
    {
        var spec = A.Spec(training => training with { Method = StageMethod.RFT, Rft = new RftSpec { KlReference = KlReference.Base } });
        var text = JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec);
        Assert.Equal(text, JsonSerializer.Serialize(StageSpecReader.Parse(Encoding.UTF8.GetBytes(text), "stage.json"), ContractJson.Default.StageSpec));
    }

    [Theory]
    [InlineData("training.optimization.learningrte", "1", "training.optimization.learningrte: unknown field; the nearest known one is learningRate")]
    [InlineData("training.method", "\"XFT\"", "training.method: \"XFT\" is wrong; give one of SFT, RFT")]
    [InlineData("training.method", "1", "training.method: 1 is wrong; give one of SFT, RFT")]
    [InlineData("training.optimization.schedule", "\"cosine\"", "training.optimization.schedule: \"cosine\" is wrong; give one of Constant, Linear, Cosine")]
    [InlineData("training.optimization.batchSize", "\"4\"", "training.optimization.batchSize: \"4\" is wrong; give a whole number")]
    [InlineData("training.optimization.batchSize", "0", "training.optimization.batchSize: 0 is too small; give 1 or more")]
    [InlineData("training.optimization.steps", "2.5", "training.optimization.steps: 2.5 is wrong; give a whole number")]
    [InlineData("training.optimization.learningRate", "-0.5", "training.optimization.learningRate: -0.5 is too small; give more than 0")]
    [InlineData("training.optimization.stopAtAccuracy", "1.5", "training.optimization.stopAtAccuracy: 1.5 is outside 0 to 1")]
    [InlineData("training.task", "[]", "training.task: [] stands where an object is due")]
    [InlineData("evaluation.tasks", "{}", "evaluation.tasks: {} stands where a list is due")]
    [InlineData("evaluation.tasks", "[{\"name\":\"x\"}]", "evaluation.tasks[0].uri: missing")]
    [InlineData("evaluation.baseline", "\"yes\"", "evaluation.baseline: \"yes\" is wrong; give true or false")]
    [InlineData("stageHash", "\"abc\"", "stageHash: \"abc\" is no stage hash; give 40 lowercase hex digits")]
    [InlineData("stageHash", "null", "stageHash: is null, but required")]
    [InlineData("input.stageHash", "\"x\"", "input: give either uri or stageHash")]
    [InlineData("input.digest", "\"AA\"", "input.digest: \"AA\" is no digest; give 64 lowercase hex digits")]
    [InlineData("device", "\"tpu\"", "device: \"tpu\" is unknown; give auto, cpu or cuda")]
    [InlineData("version", "2", "version: 2 is not understood; this trainer speaks version 1")]
    [InlineData("training.rft", "{\"groupSize\":1}", "training.rft: given, but training.method is SFT; leave it out")]
    public void AWrongFieldIsNamedByPathWithItsValueAndWhatWouldBeRight(string path, string value, string expected)
    {
        var failure = Refused(document => Set(document, path, JsonNode.Parse(value)));
        Assert.Equal((ExitCodes.BadSpec, "BadSpec"), (failure.ExitCode, failure.Reason));
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.StartsWith("stage.json: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFieldIsNamed()
    {
        var failure = Refused(document => document["training"]!.AsObject().Remove("optimization"));
        Assert.Contains("training.optimization: missing", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void RftWithoutItsPartIsRefused()
    {
        var failure = Refused(document => Set(document, "training.method", "RFT"));
        Assert.Contains("training.rft: missing; method RFT needs it", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AHashThatDoesNotNameTheTrainingIsRefusedBecauseItWouldPoisonReuse()
    {
        var failure = Refused(document => Set(document, "training.seed", 8));
        Assert.Contains("does not name this input and training; it would be", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryFindingStandsInOneMessage()
    {
        var failure = Refused(document =>
        {
            Set(document, "training.optimization.beta1", 1);
            Set(document, "checkpoint.keep", 0);
        });
        Assert.Contains("beta1", failure.Message, StringComparison.Ordinal);
        Assert.Contains("checkpoint.keep", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"stage\":\"a\",\"stage\":\"b\"}")]
    [InlineData("{\"stage\":")]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("null")]
    public void WhatIsNoObjectIsRefused(string text)
    {
        var failure = Assert.Throws<StageFailureException>(() => StageSpecReader.Parse(Encoding.UTF8.GetBytes(text), "stage.json"));
        Assert.Equal(ExitCodes.BadSpec, failure.ExitCode);
    }

    [Fact]
    public void AFileThatIsNotThereIsMissingInput()
    {
        var failure = Assert.Throws<StageFailureException>(() => StageSpecReader.Read("/nowhere/stage.json"));
        Assert.Equal((ExitCodes.InputNotFound, "--stage: /nowhere/stage.json does not exist"), (failure.ExitCode, failure.Message));
    }

    private static StageFailureException Refused(Action<JsonObject> change)
    {
        var document = JsonSerializer.SerializeToNode(A.Spec(), ContractJson.Default.StageSpec)!.AsObject();
        change(document);
        return Assert.Throws<StageFailureException>(() => StageSpecReader.Parse(Encoding.UTF8.GetBytes(document.ToJsonString()), "stage.json"));
    }

    private static void Set(JsonObject document, string path, JsonNode? value)
    {
        var parts = path.Split('.');
        var owner = parts[..^1].Aggregate(document, (node, part) => node[part]!.AsObject());
        owner[parts[^1]] = value;
    }
}
