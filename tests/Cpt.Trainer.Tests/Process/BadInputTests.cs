using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Trainer.Tests;

/// <summary>Every bad input ends with its exit code, its reason and one clear message, and leaves what was committed as it was.</summary>
public sealed class BadInputTests : IDisposable
{
    private static readonly Dictionary<string, string?> s_noEnvironment = new(StringComparer.Ordinal);

    private readonly StageFixture _stages = new();

    public void Dispose() => _stages.Dispose();

    [Theory]
    [InlineData("{\"optimisation\":{}}", "training.optimisation: unknown field; the nearest known one is optimization")]
    [InlineData("{\"method\":\"DPO\"}", "training.method: \"DPO\" is wrong; give one of SFT, RFT")]
    [InlineData("{\"optimization\":{\"batchSize\":0,\"learningRate\":0.1}}", "training.optimization.batchSize: 0 is too small; give 1 or more")]
    public async Task AWrongFieldOfStageJson(string changedTraining, string message)
    {
        var document = JsonSerializer.SerializeToNode(await _stages.SftAsync(), ContractJson.Default.StageSpec)!;
        foreach (var (name, value) in JsonNode.Parse(changedTraining)!.AsObject())
        {
            document["training"]![name] = value?.DeepClone();
        }

        await using var child = _stages.StartText(document.ToJsonString(), s_noEnvironment);
        await ExpectAsync(child, ExitCodes.BadSpec, "BadSpec", message);
        Assert.False(Directory.Exists(_stages.Storage));
    }

    [Fact]
    public async Task ADeviceThatIsNotThere()
    {
        Assert.SkipWhen(Cpt.Torch.torch.cuda_is_available(), "this machine has one");
        var spec = await _stages.SftAsync() with { Device = "cuda" };
        await ExpectAsync(spec, ExitCodes.Internal, "DeviceMissing", "device cuda: libtorch finds no CUDA device here");
    }

    [Fact]
    public async Task AModelThatIsNotThere()
    {
        var spec = await _stages.SftAsync();
        Directory.Delete(_stages.Model, recursive: true);
        await ExpectAsync(spec, ExitCodes.InputNotFound, "NotFound", _stages.Model, "no such directory");
    }

    [Fact]
    public async Task ATaskThatIsNotThere()
    {
        var spec = await _stages.SftAsync(task: _stages.Sums with { Uri = "file:///nowhere/task" });
        await ExpectAsync(spec, ExitCodes.InputNotFound, "NotFound", "file:///nowhere/task");
    }

    [Fact]
    public async Task AnInputStageThatWasNeverCommitted()
    {
        var input = new ModelInput { StageHash = new string('1', 40), Digest = new string('2', 64) };
        var spec = await _stages.SftAsync(input: input);
        spec = spec with { Evaluation = spec.Evaluation with { Baseline = false, PreviousRow = null } };
        await ExpectAsync(spec, ExitCodes.InputNotFound, "NotFound", input.StageHash, "has no committed checkpoint");
    }

    [Fact]
    public async Task WeightsThatWereCutOffAfterPlanning()
    {
        var spec = await _stages.SftAsync();
        CutOff(Path.Combine(_stages.Model, "model.safetensors"));
        await ExpectAsync(spec, ExitCodes.BadData, "CorruptModel", "expected digest " + spec.BaseModel.Digest);
    }

    [Fact]
    public async Task WeightsThatWereCutOffBeforePlanning()
    {
        CutOff(Path.Combine(_stages.Model, "model.safetensors"));
        await ExpectAsync(await _stages.SftAsync(), ExitCodes.BadData, "CorruptModel", Path.Combine(_stages.Model, "model.safetensors"));
    }

    [Fact]
    public async Task ABlobOfTheInputThatWasChanged()
    {
        var first = await _stages.SftAsync();
        var done = await _stages.CompleteAsync(first);
        Directory.Delete(_stages.Files["work"], recursive: true);
        var manifest = (await _stages.Store.ReadManifestAsync(first.StageHash))!;
        var weights = manifest.Files.Single(file => file.Path == "model.safetensors");
        var blob = Path.Combine(_stages.Storage, "blobs/sha256", weights.Digest);
        var bytes = File.ReadAllBytes(blob);
        bytes[bytes.Length / 2] ^= 0x40;
        File.Delete(blob);
        File.WriteAllBytes(blob, bytes);

        var second = await _stages.RftAsync(new ModelInput { StageHash = first.StageHash, Digest = done.CheckpointDigest! });
        second = second with { Evaluation = second.Evaluation with { Baseline = false } };
        await ExpectAsync(second, ExitCodes.BadData, "CorruptCheckpoint", weights.Digest);
    }

    [Fact]
    public async Task ATaskThatWasChangedAfterPlanning()
    {
        var task = _stages.Sums with { Digest = new string('3', 64) };
        await ExpectAsync(await _stages.SftAsync(task: task), ExitCodes.BadData, "TaskChanged", task.Uri, task.Digest!);
    }

    [Theory]
    [InlineData("", "NoValidSamples")]
    [InlineData("\n\n", "NoValidSamples")]
    [InlineData("not json\n{\"id\":\"a\"}\n", "BadTask")]
    public async Task ATaskWithoutAValidLine(string lines, string reason)
    {
        _stages.Files.Write("tasks/sums/train.jsonl", lines);
        await ExpectAsync(await _stages.SftAsync(), ExitCodes.BadData, reason, Path.Combine(_stages.Files["tasks/sums"], "train.jsonl"));
    }

    [Fact]
    public async Task AnAnswerLongerThanTheContext()
    {
        TinyTasks.CreateSums(_stages.Files["tasks/sums"], answer: new string('9', TinyModels.Context));
        await ExpectAsync(await _stages.SftAsync(), ExitCodes.BadData, "SampleTooLong", "sample s", $"{TinyModels.Context}");
    }

    [Fact]
    public async Task RolloutsThatEarnNothing()
    {
        var spec = await _stages.RftAsync(task: _stages.Sums);
        await ExpectAsync(spec, ExitCodes.BadData, "NoRewardSignal", "none of 32 preflight rollouts", "the prompt was", "the response", "expected");
    }

    [Fact]
    public async Task ALearningRateThatBreaksTheModel()
    {
        var spec = await _stages.SftAsync(optimization => optimization with { LearningRate = 1e30, WarmupRatio = 0, MaxGradientNorm = 0 });
        await ExpectAsync(spec, ExitCodes.BadData, "NonFinite", "step ", "learningRate");
    }

    [Fact]
    public async Task StorageThatDoesNotAnswer()
    {
        var spec = await _stages.SftAsync() with { StorageUri = "azblob://checkpoints/demo" };
        await using var child = _stages.Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["AZURE_STORAGE_CONNECTION_STRING"] = "DefaultEndpointsProtocol=http;AccountName=account;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/account;",
            ["CPT_STORAGE_TIMEOUT_SECONDS"] = "1",
        });
        await ExpectAsync(child, ExitCodes.StorageUnavailable, "StorageUnavailable", "azblob://checkpoints/demo", "127.0.0.1:1");
    }

    [Fact]
    public async Task StorageThatIsFullLeavesTheCommittedIntactAndGoesOnWhenThereIsSpace()
    {
        var spec = await _stages.SftAsync();
        var undisturbed = await _stages.CompleteAsync(spec with { StorageUri = "file://" + _stages.Files["undisturbed"] });
        using var disk = SmallDisk.Mount(_stages.Storage, kibibytes: 160);
        await using (var child = _stages.Start(spec))
        {
            await ExpectAsync(child, ExitCodes.StorageUnavailable, "StorageFull", _stages.Storage, "full");
            Assert.Contains(child.Events, line => line.Event == "checkpoint");
        }

        var committed = Assert.Single(await _stages.Store.ListStepsAsync(spec.StageHash), step => step.Step == 3);
        disk.Grow(4096);
        await using var again = _stages.Start(spec with { Attempt = 2 });
        Assert.True(await again.ExitAsync() == ExitCodes.Done, again.Log);
        Assert.Contains(again.Events, line => line.Event == "resumed" && line.Message!.Contains($"step {committed.Step}", StringComparison.Ordinal));
        Assert.Equal(undisturbed.CheckpointDigest, again.Result.CheckpointDigest);
    }

    [Fact]
    public async Task AWorkDirectoryThatIsFull()
    {
        var spec = await _stages.SftAsync();
        using var disk = SmallDisk.Mount(_stages.Files["work"], kibibytes: 16);
        await ExpectAsync(spec, ExitCodes.StorageUnavailable, "StorageFull", _stages.Files["work"]);
    }

    private static void CutOff(string file)
    {
        using var stream = new FileStream(file, FileMode.Open);
        stream.SetLength(stream.Length * 2 / 3);
    }

    /// <summary>Expects the failure, and that storage stands as it stood but for the scores of the base model.</summary>
    private async Task ExpectAsync(StageSpec spec, int exitCode, string reason, params string[] inMessage)
    {
        var before = TestFiles.Snapshot(_stages.Storage);
        await using var child = _stages.Start(spec);
        await ExpectAsync(child, exitCode, reason, inMessage);
        var after = TestFiles.Snapshot(_stages.Storage);
        Assert.All(before, file => Assert.Equal(file.Value, after.GetValueOrDefault(file.Key)));
        Assert.All(after.Keys.Except(before.Keys, StringComparer.Ordinal), name => Assert.StartsWith("stages/" + Digests.BaselinePrefix, name, StringComparison.Ordinal));
    }

    private async Task ExpectAsync(TrainerChild child, int exitCode, string reason, params string[] inMessage)
    {
        var code = await child.ExitAsync();
        Assert.True(code == exitCode, $"exit code {code}\n{child.Log}");
        var result = child.Result;
        Assert.StartsWith(reason, result.Reason, StringComparison.Ordinal);
        Assert.Equal(exitCode, result.ExitCode);
        Assert.All(inMessage, part => Assert.Contains(part, result.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Message, StringComparison.Ordinal);
        Assert.Equal(result.Message, _stages.TerminationMessage().Message);
        Assert.Equal(exitCode, Assert.Single(child.Events, line => line.Event == "result" && line.Level == "error").Result!.ExitCode);
    }
}
