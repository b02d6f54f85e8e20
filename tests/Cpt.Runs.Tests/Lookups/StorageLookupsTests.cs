using Cpt.Contract;
using Cpt.Planning;
using Cpt.Storage;

namespace Cpt.Runs.Tests.Lookups;

public sealed class StorageLookupsTests : IDisposable
{
    private const string Hash = "0123456789abcdef0123456789abcdef01234567";

    private readonly DirectoryInfo _disk = Directory.CreateTempSubdirectory("cpt-runs-tests-");

    public void Dispose() => _disk.Delete(recursive: true);

    [Fact]
    public async Task WhatIsNotThereIsAnAnswer()
    {
        Assert.Equal((null, null), Parts(await FindAsync(new Need.FinalManifest(Hash))));
        Assert.Equal((null, null), Parts(await FindAsync(new Need.NewestStep(Hash))));
        Assert.Equal((null, null), Parts(await FindAsync(new Need.Evaluation(Hash))));
    }

    [Fact]
    public async Task AnEvaluationComesWithoutTheRecordsOfItsSamples()
    {
        await Store().WriteEvaluationAsync(new EvaluationDocument
        {
            StageHash = Hash,
            ModelDigest = Digests.OfText("model"),
            Scores = [new TaskScore { Task = "parity", Kind = ScoreKind.Task, Accuracy = 0.5, Samples = 2, Records = [new SampleRecord("1", 1, "odd"), new SampleRecord("2", 0, "odd")] }],
            CreatedAt = DateTimeOffset.UnixEpoch,
        }, TestContext.Current.CancellationToken);

        var score = Assert.Single(Assert.IsType<EvaluationDocument>((await FindAsync(new Need.Evaluation(Hash))).Value).Scores);

        Assert.Equal((0.5, 2), (score.Accuracy, score.Samples));
        Assert.Empty(score.Records);

        // Where noise is asked about, ids and scores come along; what the model said would be most of the memory.
        var records = Assert.IsType<EvaluationDocument>((await FindAsync(new Need.Records(Hash))).Value).Scores[0].Records;
        Assert.Equal([new SampleRecord("1", 1, ""), new SampleRecord("2", 0, "")], records);
    }

    [Fact]
    public async Task AMissingInputIsPermanentAndSilentStorageIsNot()
    {
        var missing = (await FindAsync(new Need.ModelDigest("file:///no/such/model"))).Failure!;
        var silent = (await FindAsync(new Need.ModelDigest("pvc://models/base"))).Failure!;

        Assert.Equal(("NotFound", true), (missing.Reason, missing.Permanent));
        Assert.Equal(("StorageUnavailable", false), (silent.Reason, silent.Permanent));
    }

    [Fact]
    public async Task ATaskThatCannotBeReadIsToldBeforeAnythingIsTrained()
    {
        var unknown = (await FindAsync(new Need.TaskDigest("generated://digits/no-such-task"))).Failure!;

        Assert.Equal(("InvalidTask", true), (unknown.Reason, unknown.Permanent));
    }

    [Fact]
    public async Task AGeneratedTaskHasTheDigestOfItsData()
    {
        Assert.Equal(64, Assert.IsType<string>((await FindAsync(new Need.TaskDigest("generated://digits/parity"))).Value).Length);
    }

    [Fact]
    public void OnlyWhatWasFoundAndCannotChangeIsKept()
    {
        var known = new KnownArtifacts();
        var (digest, final, step) = (new Need.TaskDigest("t"), new Need.FinalManifest(Hash), new Need.NewestStep(Hash));
        known.Add(digest, Lookup.Digest("d"));
        known.Add(final, Lookup.Manifest(null));
        known.Add(step, Lookup.Manifest(Manifest()));

        known.Refresh();

        Assert.Equal("d", known.Current[digest]!.Value);
        Assert.Null(known.Current[final]);
        Assert.Null(known.Current[step]);
    }

    [Fact]
    public void ACommitStaysUntilDocumentsAreForgottenAndDigestsUntilAllIs()
    {
        var known = new KnownArtifacts();
        var (digest, final) = (new Need.ModelDigest("m"), new Need.FinalManifest(Hash));
        known.Add(digest, Lookup.Digest("d"));
        known.Add(final, Lookup.Manifest(Manifest()));
        known.Refresh();
        Assert.NotNull(known.Current[final]);

        known.ForgetDocuments();
        Assert.Null(known.Current[final]);
        Assert.NotNull(known.Current[digest]);

        known.Clear();
        Assert.Null(known.Current[digest]);
    }

    [Fact]
    public void AFailureForNowIsNotedUntilTheNextLook()
    {
        var known = new KnownArtifacts();
        known.Add(new Need.ModelDigest("m"), Lookup.Failed("NotFound", "", permanent: true));
        Assert.False(known.IsFailing);

        known.Add(new Need.TaskDigest("t"), Lookup.Failed("StorageUnavailable", "", permanent: false));
        Assert.True(known.IsFailing);

        known.Refresh();
        Assert.False(known.IsFailing);
    }

    private Task<Lookup> FindAsync(Need need) => new StorageLookups(Store, new InputResolver(Options), Path.Combine(_disk.FullName, "cache")).FindAsync(need, TestContext.Current.CancellationToken);

    private CheckpointStore Store() => CheckpointStore.Open("file://" + _disk.FullName, Options);

    private static StorageOptions Options => new() { Environment = _ => null };

    private static (object?, LookupFailure?) Parts(Lookup lookup) => (lookup.Value, lookup.Failure);

    private static CheckpointManifest Manifest() => new()
    {
        Kind = CheckpointKind.Final,
        StageHash = Hash,
        Namespace = "ml",
        Run = "demo",
        Stage = "parity",
        Attempt = 1,
        Step = 1,
        StepsDue = 1,
        ModelDigest = Digests.OfText("model"),
        Files = [],
        CreatedAt = DateTimeOffset.UnixEpoch,
    };
}
