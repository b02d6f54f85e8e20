using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>The commit protocol; run against a directory and against Azurite.</summary>
public abstract class CheckpointStoreContract : IDisposable
{
    private readonly TemporaryDirectory _local = new();
    private readonly List<string> _warnings = [];

    internal TemporaryDirectory Local => _local;

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected IReadOnlyList<string> Warnings => _warnings;

    protected abstract IObjectStore Objects { get; }

    public virtual void Dispose()
    {
        _local.Dispose();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task ACommittedCheckpointComesBackWithItsManifestAndItsFiles()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        Assert.Equal(committed.ModelDigest, (await Store().ReadManifestAsync("aa", Token))!.ModelDigest);
        await Store().DownloadAsync(committed, Local["out"], [FileRole.Model], null, Token);
        Assert.Equal(A.Bytes(1, 5000), await File.ReadAllBytesAsync(Local["out/model.safetensors"], Token));
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.GetFiles(Local["out"]).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task TheModelDigestIsThatOfTheDirectoryItCameFrom()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        Assert.Equal(committed.ModelDigest, await new InputResolver().DigestAsync("file://" + A.Model(Local["model1"]), Local["cache"], Token));
    }

    [Fact]
    public async Task WithoutAManifestNothingExists()
    {
        var content = A.Bytes(1, 10);
        await Objects.PutFileAsync(StorageLayout.Blob(Digests.OfBytes(content)), Local.Write("in", content), Digests.OfBytes(content), null, Token);
        Assert.Null(await Store().ReadManifestAsync("aa", Token));
        Assert.Empty(await Store().ListStepsAsync("aa", Token));
        Assert.Null(await Store().DownloadNewestStepAsync("aa", Local["out"], Token));
    }

    [Fact]
    public async Task FilesThatDidNotChangeAreStoredOnce()
    {
        await CommitAsync(A.Final("aa"), seed: 1);
        await CommitAsync(A.Final("bb"), seed: 2);
        Assert.Equal(4, await BlobCountAsync());
    }

    [Fact]
    public async Task ASecondCommitterOfTheSameResultGetsTheFirstOnesManifest()
    {
        var first = await CommitAsync(A.Final("aa"), seed: 1);
        var second = await CommitAsync(A.Final("aa") with { Attempt = 2, CreatedAt = A.Noon.AddHours(1), Metrics = new Dictionary<string, double> { ["loss"] = 0.4 } }, seed: 1);
        Assert.Equal((1, first.CreatedAt), (second.Attempt, second.CreatedAt));
    }

    [Fact]
    public async Task AnotherResultForACommittedStageIsAConflictAndTheFirstStands()
    {
        var first = await CommitAsync(A.Final("aa"), seed: 1);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => CommitAsync(A.Final("aa") with { Attempt = 2 }, seed: 2));
        Assert.Equal("CheckpointConflict", error.Reason);
        Assert.Contains(first.ModelDigest, error.Message, StringComparison.Ordinal);
        Assert.Equal(first.ModelDigest, (await Store().ReadManifestAsync("aa", Token))!.ModelDigest);
    }

    [Fact]
    public async Task OfConcurrentCommittersOfOneResultAllSucceedWithOneManifest()
    {
        A.Model(Local["model1"]);
        var committed = await Task.WhenAll(Enumerable.Range(1, 6).Select(attempt => Task.Run(() =>
            Store().CommitAsync(A.Final("aa") with { Attempt = attempt }, CheckpointSource.Model(Local["model1"]), null, Token))));
        Assert.Single(committed.Select(manifest => manifest.Attempt).Distinct());
    }

    [Fact]
    public async Task OfConcurrentCommittersOfDifferentResultsOneWinsAndTheOthersAreTold()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(1, 5).Select(seed => Task.Run(async () =>
        {
            try
            {
                return (await CommitAsync(A.Final("aa") with { Attempt = seed }, seed)).Attempt;
            }
            catch (StageFailureException error) when (error.Reason == "CheckpointConflict")
            {
                return 0;
            }
        })));
        var winner = Assert.Single(outcomes, attempt => attempt != 0);
        Assert.Equal(winner, (await Store().ReadManifestAsync("aa", Token))!.Attempt);
    }

    [Fact]
    public async Task AFinalCheckpointWithFewerStepsThanDueIsRefusedUnlessItStoppedEarly()
    {
        var error = await Assert.ThrowsAsync<StageFailureException>(() => CommitAsync(A.Final("aa", step: 9), seed: 1));
        Assert.Contains("9 of 10 steps", error.Message, StringComparison.Ordinal);
        Assert.Null(await Store().ReadManifestAsync("aa", Token));
        Assert.Equal(9, (await CommitAsync(A.Final("aa", step: 9) with { StoppedEarly = true }, seed: 1)).Step);
    }

    [Fact]
    public async Task StepsAreListedNewestFirstByNumber()
    {
        foreach (var step in (int[])[5, 100, 20]) await CommitAsync(A.Step("aa", step), seed: step);
        Assert.Equal([100, 20, 5], (await Store().ListStepsAsync("aa", Token)).Select(manifest => manifest.Step));
    }

    [Fact]
    public async Task AChangedBlobIsNamedWithTheExpectedAndTheFoundDigest()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        var weights = committed.Files.Single(file => file.Path == "model.safetensors");
        var damaged = A.Bytes(99, 5000);
        await OverwriteAsync(weights.Digest, damaged);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => Store().DownloadAsync(committed, Local["out"], null, null, Token));
        Assert.Equal((65, "CorruptCheckpoint"), (error.ExitCode, error.Reason));
        Assert.Contains(Objects.Describe(StorageLayout.Blob(weights.Digest)), error.Message, StringComparison.Ordinal);
        Assert.Contains($"expected digest {weights.Digest}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"found {Digests.OfBytes(damaged)}", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(Local["out/model.safetensors"]));
    }

    [Fact]
    public async Task AResumePassesOverDamagedCheckpointsToTheNewestWholeOne()
    {
        foreach (var step in (int[])[10, 20, 30, 40]) await CommitAsync(A.Step("aa", step), seed: step);
        await OverwriteAsync((await WeightsAsync(40)).Digest, A.Bytes(0, 5000)); // same size
        await OverwriteAsync((await WeightsAsync(30)).Digest, A.Bytes(0, 4000)); // cut off
        var resumed = await Store().DownloadNewestStepAsync("aa", Local["out"], Token);
        Assert.Equal(20, resumed!.Step);
        Assert.Equal(A.Bytes(20, 5000), await File.ReadAllBytesAsync(Local["out/model.safetensors"], Token));
        Assert.Contains(Warnings, warning => warning.Contains("step 40", StringComparison.Ordinal));
        Assert.Contains(Warnings, warning => warning.Contains("step 30", StringComparison.Ordinal) && warning.Contains("has 4000 bytes, expected 5000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ACutOffStepManifestIsPassedOverAndTheNextAttemptReplacesIt()
    {
        await CommitAsync(A.Step("aa", 10), seed: 10);
        await Objects.PutAsync(StorageLayout.StepManifest("aa", 20), "{\"version\":1,\"ki"u8.ToArray(), Token);
        Assert.Equal(10, Assert.Single(await Store().ListStepsAsync("aa", Token)).Step);
        await CommitAsync(A.Step("aa", 20), seed: 20);
        Assert.Equal([20, 10], (await Store().ListStepsAsync("aa", Token)).Select(manifest => manifest.Step));
    }

    [Fact]
    public async Task ADamagedBlobIsHealedByTheAttemptThatComputesItAgain()
    {
        var committed = await CommitAsync(A.Step("aa", 10), seed: 1);
        await OverwriteAsync(committed.Files.Single(file => file.Path == "model.safetensors").Digest, A.Bytes(5, 77));
        await CommitAsync(A.Step("aa", 10), seed: 1);
        await Store().DownloadAsync(committed, Local["out"], null, null, Token);
        Assert.Equal(A.Bytes(1, 5000), await File.ReadAllBytesAsync(Local["out/model.safetensors"], Token));
    }

    [Theory]
    [InlineData("", "not a checkpoint manifest")]
    [InlineData("null", "not a checkpoint manifest")]
    [InlineData("{}", "not a checkpoint manifest")]
    public async Task ADamagedFinalManifestIsAnErrorThatNamesIt(string content, string words)
    {
        await Objects.PutAsync(StorageLayout.Manifest("aa"), System.Text.Encoding.UTF8.GetBytes(content), Token);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => Store().ReadManifestAsync("aa", Token));
        Assert.Equal((65, "CorruptCheckpoint"), (error.ExitCode, error.Reason));
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(Objects.Describe("stages/aa/manifest.json"), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AManifestWhoseFilesDoNotMakeItsModelDigestIsDamaged()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        await Objects.PutAsync(StorageLayout.Manifest("aa"), Manifests.Write(committed with { Files = [.. committed.Files.Skip(1)] }), Token);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => Store().ReadManifestAsync("aa", Token));
        Assert.Contains($"modelDigest: found {committed.ModelDigest}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AManifestCannotWriteOutsideTheTarget()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        var files = committed.Files.Append(committed.Files[0] with { Path = "../escaped", Role = FileRole.Artifact }).ToList();
        await Objects.PutAsync(StorageLayout.Manifest("aa"), Manifests.Write(committed with { Files = files }), Token);
        var error = await Assert.ThrowsAsync<StageFailureException>(() => Store().ReadManifestAsync("aa", Token));
        Assert.Contains("\"../escaped\" is not a path inside the checkpoint", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACachedModelIsReusedAndRepairedWhenDamaged()
    {
        var committed = await CommitAsync(A.Final("aa"), seed: 1);
        var directory = await Store().OpenModelDirectoryAsync(committed, Local["cache"], null, Token);
        var config = File.GetLastWriteTimeUtc(Path.Combine(directory, "config.json"));
        await File.WriteAllBytesAsync(Path.Combine(directory, "model.safetensors"), A.Bytes(4, 5000), Token);
        Assert.Equal(directory, await Store().OpenModelDirectoryAsync(committed, Local["cache"], null, Token));
        Assert.Equal(A.Bytes(1, 5000), await File.ReadAllBytesAsync(Path.Combine(directory, "model.safetensors"), Token));
        Assert.Equal(config, File.GetLastWriteTimeUtc(Path.Combine(directory, "config.json")));
    }

    [Fact]
    public async Task ProgressEndsAtTheTotalOfBothWays()
    {
        var up = new Last();
        var down = new Last();
        var committed = await Store().CommitAsync(A.Final("aa"), CheckpointSource.Model(A.Model(Local["model1"])), up, Token);
        await Store().DownloadAsync(committed, Local["out"], null, down, Token);
        var total = committed.Files.Sum(file => file.Size);
        Assert.Equal((total, total), (up.Value!.Bytes, up.Value.TotalBytes));
        Assert.Equal((total, total), (down.Value!.Bytes, down.Value.TotalBytes));
    }

    [Fact]
    public async Task ALaterEvaluationAddsItsScoresToTheRow()
    {
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("sums", 0.5), A.Score("halves", 0.25)), Token);
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("halves", 0.75), A.Score("halves", 1, ScoreKind.Benchmark)), Token);
        var row = (await Store().ReadEvaluationAsync("aa", Token))!;
        Assert.Equal(
            [("sums", ScoreKind.Task, 0.5), ("halves", ScoreKind.Task, 0.75), ("halves", ScoreKind.Benchmark, 1)],
            row.Scores.Select(score => (score.Task, score.Kind, score.Accuracy)));
        Assert.Equal("42", row.Scores[0].Records[0].Response);
    }

    [Fact]
    public async Task ConcurrentEvaluationsLoseNoScore()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score($"t{i}", 0.5)), Token))));
        Assert.Equal(8, (await Store().ReadEvaluationAsync("aa", Token))!.Scores.Count);
    }

    [Fact]
    public async Task ScoresOfAnotherModelDoNotMixIntoTheRow()
    {
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("sums", 0.5)), Token);
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("halves", 0.5)) with { ModelDigest = "m2" }, Token);
        Assert.Equal("halves", Assert.Single((await Store().ReadEvaluationAsync("aa", Token))!.Scores).Task);
    }

    [Fact]
    public async Task ADamagedEvaluationCountsAsMissingAndIsReplaced()
    {
        await Objects.PutAsync(StorageLayout.Evaluation("aa"), "{\"ver"u8.ToArray(), Token);
        Assert.Null(await Store().ReadEvaluationAsync("aa", Token));
        Assert.Contains("not an evaluation", Assert.Single(Warnings), StringComparison.Ordinal);
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("sums", 0.5)), Token);
        Assert.Single((await Store().ReadEvaluationAsync("aa", Token))!.Scores);
    }

    [Fact]
    public async Task ARunsRecordIsReplacedAndDeleted()
    {
        Assert.Null(await Store().ReadRunAsync("ml", "demo", Token));
        var record = new RunRecord { Namespace = "ml", Run = "demo", BaseModel = new ModelInput { Uri = "bundled://models/x", Digest = "d" }, Stages = [], UpdatedAt = DateTimeOffset.UnixEpoch };
        await Store().WriteRunAsync(record, Token);
        await Store().WriteRunAsync(record with { UpdatedAt = DateTimeOffset.UnixEpoch.AddDays(1) }, Token);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddDays(1), (await Store().ReadRunAsync("ml", "demo", Token))!.UpdatedAt);
        await Objects.PutAsync(StorageLayout.Run("ml", "demo"), "[1]"u8.ToArray(), Token);
        Assert.Equal((65, "CorruptRun"), await Assert.ThrowsAsync<StageFailureException>(() => Store().ReadRunAsync("ml", "demo", Token)) is var damaged ? (damaged.ExitCode, damaged.Reason) : default);
        await Store().DeleteRunAsync("ml", "demo", Token);
        Assert.Null(await Store().ReadRunAsync("ml", "demo", Token));
    }

    [Fact]
    public async Task RetentionKeepsTheNewestStepsAndFreesTheBlobsOfTheOthers()
    {
        foreach (var step in (int[])[10, 20, 30]) await CommitAsync(A.Step("aa", step), seed: step);
        var freed = await Store(grace: TimeSpan.Zero).ApplyRetentionAsync("aa", 1, Token);
        Assert.Equal(2 * 5000, freed);
        Assert.Equal(30, (await Store().DownloadNewestStepAsync("aa", Local["out"], Token))!.Step);
        Assert.Equal(3, await BlobCountAsync());
        Assert.Empty(await Objects.ListAsync(StorageLayout.Garbage, Token).ToListAsync(Token));
    }

    [Fact]
    public async Task RetentionKeepsBlobsThatAnotherStageOrRunRefersTo()
    {
        foreach (var step in (int[])[10, 20]) await CommitAsync(A.Step("aa", step), seed: step);
        await CommitAsync(A.Final("bb") with { Run = "other" }, seed: 10);
        Assert.Equal(0, await Store(grace: TimeSpan.Zero).ApplyRetentionAsync("aa", 1, Token));
        await Store().DownloadAsync((await Store().ReadManifestAsync("bb", Token))!, Local["out"], null, null, Token);
    }

    [Fact]
    public async Task RetentionCountsOnlyReadableCheckpoints()
    {
        foreach (var step in (int[])[10, 20]) await CommitAsync(A.Step("aa", step), seed: step);
        await Objects.PutAsync(StorageLayout.StepManifest("aa", 30), "{"u8.ToArray(), Token);
        await Store(grace: TimeSpan.Zero).ApplyRetentionAsync("aa", 1, Token);
        Assert.Equal(20, Assert.Single(await Store().ListStepsAsync("aa", Token)).Step);
    }

    [Fact]
    public async Task YoungBlobsWaitForALaterSweep()
    {
        foreach (var step in (int[])[10, 20]) await CommitAsync(A.Step("aa", step), seed: step);
        Assert.Equal(0, await Store().ApplyRetentionAsync("aa", 1, Token));
        Assert.Equal(4, await BlobCountAsync());
        Assert.Single(await Store().ListStepsAsync("aa", Token));
        Assert.Equal(5000, await Store(grace: TimeSpan.Zero).SweepAsync(Token));
        Assert.Equal(3, await BlobCountAsync());
    }

    [Fact]
    public async Task NothingIsSweptWhileAFinalManifestIsUnreadable()
    {
        foreach (var step in (int[])[10, 20]) await CommitAsync(A.Step("aa", step), seed: step);
        await Objects.PutAsync(StorageLayout.Manifest("zz"), "{"u8.ToArray(), Token);
        Assert.Equal(0, await Store(grace: TimeSpan.Zero).ApplyRetentionAsync("aa", 0, Token));
        Assert.Equal(4, await BlobCountAsync());
        await Objects.DeleteAsync(StorageLayout.Manifest("zz"), Token);
        Assert.True(await Store(grace: TimeSpan.Zero).SweepAsync(Token) > 0);
        Assert.Equal(0, await BlobCountAsync());
    }

    [Fact]
    public async Task RolloutsComeBackAsTheyWereAndADamagedChunkCountsAsMissing()
    {
        var chunk = new RolloutChunk { Index = 3, Samples = [new SampleRollouts("s1", [new RolloutRecord(0.1 + 0.2, 1.0 / 3, 1, 7, true, [5, 6, 0]), new RolloutRecord(0, 0, 0, 2, false)], "é\n")] };
        await Store().WriteRolloutsAsync("aa", chunk, Token);
        Assert.Equivalent(chunk, await Store().ReadRolloutsAsync("aa", 3, Token), strict: true);
        Assert.Null(await Store().ReadRolloutsAsync("aa", 4, Token));
        Assert.Null(await Store().ReadRolloutsAsync("bb", 3, Token));
        Assert.Empty(Warnings);

        await Objects.PutAsync(StorageLayout.RolloutChunk("aa", 3), "{\"index\":3"u8.ToArray(), Token);
        Assert.Null(await Store().ReadRolloutsAsync("aa", 3, Token));
        Assert.Contains("stages/aa/rollouts/3.json: no such rollouts, they are sampled again", Assert.Single(Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ADeletedStageIsGoneAndItsNeighbourIsWhole()
    {
        await CommitAsync(A.Step("aa", 5), seed: 5);
        await CommitAsync(A.Final("aa"), seed: 1);
        await Store().WriteEvaluationAsync(A.Evaluation("aa", A.Score("sums", 0.5)), Token);
        await Store().WriteRolloutsAsync("aa", new RolloutChunk { Index = 0, Samples = [] }, Token);
        var neighbour = await CommitAsync(A.Final("bb"), seed: 2);
        await Store(grace: TimeSpan.Zero).DeleteStageAsync("aa", Token);
        Assert.Empty(await Objects.ListAsync("stages/aa/", Token).ToListAsync(Token));
        Assert.Equal(3, await BlobCountAsync());
        await Store().DownloadAsync(neighbour, Local["out"], null, null, Token);
    }

    protected CheckpointStore Store(TimeSpan? grace = null)
    {
        var options = new StorageOptions { OnWarning = text => { lock (_warnings) _warnings.Add(text); } };
        return grace is { } time ? new CheckpointStore(Objects, options) { Grace = time } : new CheckpointStore(Objects, options);
    }

    internal async Task<CheckpointManifest> CommitAsync(CheckpointManifest draft, int seed)
    {
        var directory = A.Model(Local[$"model{seed}"], seed);
        return await Store().CommitAsync(draft, CheckpointSource.Model(directory), null, Token);
    }

    protected async Task<int> BlobCountAsync() => await Objects.ListAsync(StorageLayout.Blobs, Token).CountAsync(Token);

    private async Task<CheckpointFile> WeightsAsync(int step) =>
        (await Store().ReadStepManifestAsync("aa", step, Token))!.Files.Single(file => file.Path == "model.safetensors");

    private async Task OverwriteAsync(string digest, byte[] content)
    {
        await Objects.DeleteAsync(StorageLayout.Blob(digest), Token);
        await Objects.PutAsync(StorageLayout.Blob(digest), content, Token);
    }

    private sealed class Last : IProgress<TransferProgress>
    {
        public TransferProgress? Value { get; private set; }

        public void Report(TransferProgress value) => Value = value;
    }
}
