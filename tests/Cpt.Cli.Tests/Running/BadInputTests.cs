using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests.Running;

/// <summary>Each kind of bad input: one clear message, the right exit code, and what was committed stays.</summary>
[Trait("Category", "EndToEnd")]
public sealed class BadInputTests : IDisposable
{
    private readonly TinyRun _run = new(steps: 4);

    public void Dispose() => _run.Dispose();

    [Fact]
    public async Task AManifestWithMistakesIsRefusedWithAllOfThemAndTheirPlaces()
    {
        _run.Edit("groupSize: 2", "groupsize: 1");
        _run.Edit("method: RFT", "method: DPO");
        await Refused(ExitCodes.BadSpec, "run.yaml:", "spec.stages[1].rft.groupsize", "groupSize", "spec.stages[1].method", "DPO");
        Assert.False(Directory.Exists(_run.Work));
    }

    [Fact]
    public async Task AMissingManifestIsNamed() =>
        Assert.Contains("nowhere.yaml: no such file", (await CptProcess.RunAsync(_run.Root, "run", "-f", "nowhere.yaml")).Error, StringComparison.Ordinal);

    [Fact]
    public async Task AMissingModelIsNotFound()
    {
        _run.Edit("file://./base", "file://./no-such-model");
        await Refused(ExitCodes.InputNotFound, "no-such-model");
    }

    [Fact]
    public async Task AMissingTaskIsNotFoundBeforeAnythingIsTrained()
    {
        _run.Edit("generated://digits/residue?seed=1&train=64&eval=16", "file://./tasks/sums");
        await Refused(ExitCodes.InputNotFound, "tasks/sums");
    }

    [Fact]
    public async Task ATaskWithABrokenLineIsBadDataWithFileAndLine()
    {
        Directory.CreateDirectory(Path.Combine(_run.Root, "sums"));
        _run.Write("sums/task.json", """{"name": "sums", "scorer": "ExactMatch"}""");
        _run.Write("sums/train.jsonl", """{"messages": [{"role": "user", "content": "1+1="}]}""");
        _run.Write("sums/eval.jsonl", """{"messages": [{"role": "user", "content": "1+1="}], "answer": "2"}""");
        _run.Edit("generated://digits/parity?seed=1&train=64&eval=16", "file://./sums");
        await Refused(ExitCodes.BadData, "train.jsonl:1");
    }

    [Fact]
    public async Task ATruncatedModelIsBadData()
    {
        var weights = Path.Combine(_run.Root, "base", "model.safetensors");
        await using (var file = File.OpenWrite(weights))
        {
            file.SetLength(file.Length / 2);
        }

        await Refused(ExitCodes.BadData, "model.safetensors");
    }

    [Fact]
    public async Task StorageThatDoesNotAnswerIsSaidWithinTheTimeAskedFor()
    {
        _run.Edit("pvc://checkpoints/tiny", "azblob://checkpoints/tiny");
        await using var cpt = CptProcess.Start(
            _run.Root,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                // Port 9 (discard) refuses on any sane machine.
                ["AZURE_STORAGE_CONNECTION_STRING"] = "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=c2VjcmV0;BlobEndpoint=http://127.0.0.1:9/devstoreaccount1;",
                ["CPT_STORAGE_TIMEOUT_SECONDS"] = "1",
            },
            "run", "-f", "run.yaml");
        var result = await cpt.EndAsync();
        Assert.True(result.ExitCode == ExitCodes.StorageUnavailable, result.ToString());
        Assert.Contains("127.0.0.1:9", result.Output + result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("c2VjcmV0", result.Output + result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AChangedBlobOfAFinishedStageStopsTheNextAndTheRestStays()
    {
        Assert.Equal(0, (await _run.RunAsync()).ExitCode);
        var digest = (await _run.StatusAsync()).GetProperty("stages")[2].GetProperty("checkpointDigest").GetString();
        foreach (var blob in Directory.EnumerateFiles(Path.Combine(_run.Work, "volumes", "checkpoints", "tiny", "blobs", "sha256")))
        {
            var content = await File.ReadAllBytesAsync(blob);
            content[^1] ^= 1;
            File.SetUnixFileMode(blob, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            await File.WriteAllBytesAsync(blob, content);
        }

        // The cache would serve the undamaged files.
        Directory.Delete(Path.Combine(_run.Work, "cache"), recursive: true);
        await File.AppendAllTextAsync(Path.Combine(_run.Root, "run.yaml"), "\n  - name: last\n    method: SFT\n    task: {uri: \"generated://digits/reverse?seed=1&train=64&eval=16\"}\n    parameters: {steps: \"2\", batchSize: \"4\", maxSequenceTokens: \"16\"}\n");
        await Refused(ExitCodes.BadData, "expected", "found");
        var status = await _run.StatusAsync();
        Assert.Equal(("Succeeded", digest), (status.GetProperty("stages")[2].GetProperty("state").GetString(), status.GetProperty("stages")[2].GetProperty("checkpointDigest").GetString()));
    }

    [Fact]
    public async Task AMendedCauseLetsTheSameCommandGoOn()
    {
        Directory.Move(Path.Combine(_run.Root, "base"), Path.Combine(_run.Root, "away"));
        await Refused(ExitCodes.InputNotFound, "base");
        Directory.Move(Path.Combine(_run.Root, "away"), Path.Combine(_run.Root, "base"));
        var result = await _run.RunAsync();
        Assert.True(result.ExitCode == 0, result.ToString());
    }

    private async Task Refused(int exitCode, params string[] words)
    {
        var result = await _run.RunAsync();
        Assert.True(result.ExitCode == exitCode, result.ToString());
        Assert.All(words, word => Assert.Contains(word, result.Error, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }
}
