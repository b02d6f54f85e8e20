using System.Text.Json;

namespace Cpt.Contract.Tests;

public sealed class JsonTests
{
    [Fact]
    public void AStageSpecSurvivesTheRoundTrip()
    {
        var spec = new StageSpec
        {
            Namespace = "ml",
            Run = "demo",
            Stage = "parity",
            Index = 0,
            Attempt = 2,
            StageHash = "h",
            StorageUri = "file:///s",
            BaseModel = new ModelInput { Uri = "bundled://models/digits-base", Digest = "d" },
            Input = new ModelInput { StageHash = "p", Digest = "e" },
            Training = new TrainingSpec
            {
                Method = StageMethod.RFT,
                Task = new TaskInput { Name = "parity", Uri = "generated://digits/parity" },
                Optimization = new OptimizationSpec { LearningRate = 1e-6, BatchSize = 8, Schedule = LearningRateSchedule.Cosine },
                Rft = new RftSpec { KlReference = KlReference.PreviousStage, KlCoefficient = 0.01 },
            },
            Checkpoint = new CheckpointSpec { IntervalSteps = 5 },
            Evaluation = new EvaluationSpec { Tasks = [new TaskInput { Name = "parity", Uri = "u" }], Baseline = true },
        };

        var json = JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec);
        var back = JsonSerializer.Deserialize(json, ContractJson.Default.StageSpec)!;

        Assert.Equal(json, JsonSerializer.Serialize(back, ContractJson.Default.StageSpec));
        Assert.Equal(spec.Training.Optimization, back.Training.Optimization);
        Assert.Equal(spec.Training.Rft, back.Training.Rft);
    }

    [Fact]
    public void EnumsAreWrittenAsTheWordsUsersKnow()
    {
        var json = JsonSerializer.Serialize(new StageProgress { Stage = "s", Attempt = 1, Phase = TrainerPhase.Evaluating }, ContractJson.Default.StageProgress);
        Assert.Contains("\"phase\":\"Evaluating\"", json, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, true)]
    [InlineData(66, true)]
    [InlineData(0, false)]
    [InlineData(69, false)]
    [InlineData(70, false)]
    [InlineData(75, false)]
    [InlineData(137, false)]
    public void OnlyBadSpecBadDataAndMissingInputArePermanent(int code, bool permanent) => Assert.Equal(permanent, ExitCodes.IsPermanent(code));
}
