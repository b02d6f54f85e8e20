namespace Cpt.Contract.Tests;

public sealed class RunRecordTests
{
    private static readonly DateTimeOffset s_now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void StagesStandInTheOrderOfTheChain()
    {
        var record = After(After(null, 0, "a"), 1, "b");
        Assert.Equal([(0, "a"), (1, "b")], record.Stages.Select(stage => (stage.Index, stage.StageHash)));
    }

    [Fact]
    public void AStageThatIsOnlyScoredAgainKeepsThoseBehindIt()
    {
        var record = After(After(After(null, 0, "a"), 1, "b"), 0, "a");
        Assert.Equal(["a", "b"], record.Stages.Select(stage => stage.StageHash));
    }

    [Fact]
    public void AChangedStageEndsTheOldChain()
    {
        var record = After(After(After(null, 0, "a"), 1, "b"), 0, "x");
        Assert.Equal(["x"], record.Stages.Select(stage => stage.StageHash));
    }

    [Fact]
    public void AnotherBaseModelIsAnotherChain()
    {
        var record = After(After(null, 0, "a"), 1, "b", baseDigest: "other");
        Assert.Equal(["b"], record.Stages.Select(stage => stage.StageHash));
    }

    private static RunRecord After(RunRecord? before, int index, string hash, string baseDigest = "base") =>
        RunRecord.With(before, Spec(index, hash, baseDigest), "model-" + hash, s_now);

    private static StageSpec Spec(int index, string hash, string baseDigest) => new()
    {
        Namespace = "ml",
        Run = "demo",
        Stage = "stage-" + index,
        Index = index,
        Attempt = 1,
        StageHash = hash,
        StorageUri = "file:///s",
        BaseModel = new() { Uri = "bundled://models/x", Digest = baseDigest },
        Input = new() { Uri = "bundled://models/x", Digest = baseDigest },
        Training = new() { Method = StageMethod.SFT, Task = new() { Name = "t", Uri = "generated://digits/parity" }, Optimization = new() { LearningRate = 1e-3, BatchSize = 1 } },
        Checkpoint = new() { IntervalSteps = 1 },
        Evaluation = new() { Tasks = [] },
    };
}
