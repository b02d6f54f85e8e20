namespace Cpt.Contract.Tests;

public sealed class DigestTests
{
    private static TrainingSpec Training() => new()
    {
        Method = StageMethod.RFT,
        Task = new TaskInput { Name = "parity", Uri = "generated://digits/parity", Digest = "d1" },
        Optimization = new OptimizationSpec { LearningRate = 1e-6, BatchSize = 64 },
        Rft = new RftSpec(),
        Seed = 1,
    };

    [Fact]
    public void TheDigestOfBytesIsTheirSha256()
        => Assert.Equal("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", Digests.OfBytes("abc"u8));

    [Fact]
    public async Task AFileAndItsBytesHaveTheSameDigest()
    {
        var path = Path.GetTempFileName();
        await File.WriteAllTextAsync(path, "abc", TestContext.Current.CancellationToken);
        Assert.Equal(Digests.OfText("abc"), await Digests.OfFileAsync(path, TestContext.Current.CancellationToken));
        File.Delete(path);
    }

    [Fact]
    public void TheOrderInWhichFilesAreListedDoesNotMatter()
        => Assert.Equal(Digests.OfFiles([("a", "1"), ("b", "2")]), Digests.OfFiles([("b", "2"), ("a", "1")]));

    [Fact]
    public void ARenamedFileChangesTheDigest()
        => Assert.NotEqual(Digests.OfFiles([("a", "1")]), Digests.OfFiles([("b", "1")]));

    [Fact]
    public void WhereATaskIsStoredDoesNotChangeTheStageHash()
    {
        var moved = Training() with { Task = new TaskInput { Name = "other", Uri = "file:///elsewhere", Digest = "d1" } };
        Assert.Equal(Digests.StageHash("in", Training()), Digests.StageHash("in", moved));
    }

    public static TheoryData<string, TrainingSpec> Changes => new()
    {
        { "another task", Training() with { Task = Training().Task with { Digest = "d2" } } },
        { "another scorer", Training() with { Task = Training().Task with { Scorer = "Numeric" } } },
        { "another seed", Training() with { Seed = 2 } },
        { "another learning rate", Training() with { Optimization = Training().Optimization with { LearningRate = 2e-6 } } },
        { "another group size", Training() with { Rft = new RftSpec { GroupSize = 4 } } },
        { "another method", Training() with { Method = StageMethod.SFT, Rft = null } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void WhatChangesTheWeightsChangesTheStageHash(string what, TrainingSpec changed)
        => Assert.False(Digests.StageHash("in", Training()) == Digests.StageHash("in", changed), what);

    [Fact]
    public void AnotherInputCheckpointChangesTheStageHash()
        => Assert.NotEqual(Digests.StageHash("a", Training()), Digests.StageHash("b", Training()));

    /// <summary>A hash that drifts between releases would train every finished stage again: raise <see cref="StageSpec.CurrentVersion"/> on purpose instead.</summary>
    [Fact]
    public void TheStageHashOfAKnownSpecStaysTheSame()
        => Assert.Equal("8f6088dacd6c865776ea31a41102fc8765c60db8", Digests.StageHash("in", Training()));
}
