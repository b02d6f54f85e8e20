using System.Text.Json;

namespace Cpt.Api.Tests.Studies;

public sealed class StudyExpansionTests
{
    [Fact]
    public void EveryVariantRunsWithEverySeedAndTheFirstSeedComesFirst() =>
        Assert.Equal(
            ["demo-sft-1", "demo-grpo-1", "demo-slow-1", "demo-sft-2", "demo-grpo-2", "demo-slow-2"],
            StudyText.Runs(StudyText.Valid).Select(run => run.Run.Metadata.Name));

    [Fact]
    public void ARunIsAValidRunOfItsOwnWithItsSeedAndLabels()
    {
        var run = StudyText.Run(StudyText.With("metadata: {name: demo}", "metadata: {name: demo, namespace: ml}"), "grpo", 2);
        Assert.Empty(RunValidator.Validate(run));
        Assert.Equal((2, "ml", false), (run.Spec.Seed, run.Metadata.Namespace, run.Spec.Suspend));
        Assert.Equal([("cpt.dev/seed", "2"), ("cpt.dev/study", "demo"), ("cpt.dev/variant", "grpo")], run.Metadata.Labels!.OrderBy(label => label.Key, StringComparer.Ordinal).Select(label => (label.Key, label.Value)));
    }

    [Fact]
    public void AStarPatchesEveryStageAndKeepsWhatItDoesNotName()
    {
        var run = StudyText.Run(StudyText.Valid, "grpo");
        Assert.Equal(["parity", "half"], run.Spec.Stages.Select(stage => stage.Name));
        Assert.All(run.Spec.Stages, stage => Assert.Equal((Method.RFT, 4, "1e-4"), (stage.Method, stage.Rft!.GroupSize, stage.Parameters!["learningRate"])));
    }

    [Fact]
    public void ANamePatchesThatStageAlone() =>
        Assert.Equal(["1e-4", "1e-6"], StudyText.Run(StudyText.Valid, "slow").Spec.Stages.Select(stage => stage.Parameters!["learningRate"]));

    [Fact]
    public void AVariantWithoutAPatchIsTheBase() => Assert.All(StudyText.Run(StudyText.Valid, "sft").Spec.Stages, stage => Assert.Equal(Method.SFT, stage.Method));

    [Fact]
    public void TheSeedStandsInUrisWhereTheMarkStood()
    {
        var run = StudyText.Run(StudyText.Valid, "sft", 2);
        Assert.Equal(["generated://digits/parity?seed=2", "generated://digits/half?seed=1"], run.Spec.Stages.Select(stage => stage.Task!.Uri));
        Assert.Equal("generated://digits/copy?seed=2", run.Spec.Evaluation!.Benchmarks![0].Uri);
    }

    [Fact]
    public void RunsOfOneSeedShareAStorageAndSeedsDoNot() =>
        Assert.Equal(
            ["pvc://checkpoints/demo/seed-1", "pvc://checkpoints/demo/seed-2"],
            StudyText.Runs(StudyText.Valid).Select(run => run.Run.Spec.Storage.Uri).Distinct(StringComparer.Ordinal));

    [Fact]
    public void StorageThatNamesTheSeedItselfStaysAsItIs() =>
        Assert.Equal("pvc://checkpoints/2/demo", StudyText.Run(StudyText.With("pvc://checkpoints/demo", "pvc://checkpoints/{seed}/demo"), "sft", 2).Spec.Storage.Uri);

    [Fact]
    public void NullRemovesAFieldAndDeleteAStage()
    {
        var run = StudyText.Run(StudyText.With("      - name: half\n        parameters: {learningRate: \"1e-6\"}", "      - {name: half, $patch: delete}\n      - {name: parity, parameters: {steps: null}}"), "slow");
        Assert.Equal(["learningRate"], Assert.Single(run.Spec.Stages).Parameters!.Keys);
    }

    [Fact]
    public void EveryStageCanBeReplacedByAnother()
    {
        var run = StudyText.Run(StudyText.With("      - name: half\n        parameters: {learningRate: \"1e-6\"}",
            "      - {name: \"*\", $patch: delete}\n      - {name: joint, method: SFT, task: {uri: \"generated://digits/copy?seed=1\"}}"), "slow");
        Assert.Equal(["joint"], run.Spec.Stages.Select(stage => stage.Name));
    }

    [Fact]
    public void AListWithoutNamesIsReplacedWhole()
    {
        var text = StudyText.With("      - name: half\n        parameters: {learningRate: \"1e-6\"}", "      - {name: half, freeze: [\"model.*\"]}").Replace("name: half\n      method: SFT", "name: half\n      method: SFT\n      freeze: [\"visual.*\", \"lm_head.*\"]", StringComparison.Ordinal);
        Assert.Equal(["model.*"], StudyText.Run(text, "slow").Spec.Stages[1].Freeze);
    }

    [Fact]
    public void AStudyFromAClusterGivesTheSameRunsAsItsManifest()
    {
        var read = StudyText.Read(StudyText.Valid);
        var study = JsonSerializer.Deserialize(JsonSerializer.Serialize(read, ApiJson.Default.ContinualStudy), ApiJson.Default.ContinualStudy)!;
        Assert.Equal(StudyText.Runs(StudyText.Valid).Select(run => ManifestReader.Write(run.Run)), StudyValidator.Expand(study, out _).Select(run => ManifestReader.Write(run.Run)));
    }

    [Fact]
    public void ASuspendedStudyMeansSuspendedRuns() => Assert.All(StudyText.Runs(StudyText.With("  seeds: [1, 2]", "  suspend: true\n  seeds: [1, 2]")), run => Assert.True(run.Run.Spec.Suspend));
}
