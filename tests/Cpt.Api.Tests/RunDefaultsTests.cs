namespace Cpt.Api.Tests;

public sealed class RunDefaultsTests
{
    [Fact]
    public void NothingIsLeftOpenThatTheTrainerOrTheOperatorWouldHaveToGuess()
    {
        var spec = Apply(ManifestText.Valid).Spec;

        Assert.Equal((false, "", 0L), (spec.Suspend, spec.RetryToken, spec.Seed));
        Assert.Equal((3, 10, 600), (spec.Retry!.MaxRetries, spec.Retry.Backoff!.InitialSeconds, spec.Retry.Backoff.MaxSeconds));
        Assert.Equal((200, 2), (spec.Checkpoint!.IntervalSteps, spec.Storage.Retention!.CheckpointsPerStage));
        Assert.Equal((EvaluationScope.SeenTasks, PromptMode.Direct, "0"), (spec.Evaluation!.Scope, spec.Evaluation.Prompt, spec.Evaluation.Temperature));
        Assert.Equal((ReusePolicy.IfUnchanged, DeletionPolicy.Retain), (spec.ReusePolicy, spec.Storage.DeletionPolicy));
        Assert.Null(spec.ActiveDeadlineSeconds);
        Assert.Null(spec.TtlSecondsAfterFinished);
    }

    [Fact]
    public void EachMethodHasTheRatesOfThePaper()
    {
        var stages = Apply(ManifestText.With("parameters: {learningRate: \"1e-4\", steps: \"20\"}", "parameters: {}")).Spec.Stages;
        Assert.Equal(("1e-6", "Constant", "0"), (stages[0].Parameters!["learningRate"], stages[0].Parameters!["schedule"], stages[0].Parameters!["warmupRatio"]));
        Assert.Equal(("1e-5", "Cosine", "0.1"), (stages[1].Parameters!["learningRate"], stages[1].Parameters!["schedule"], stages[1].Parameters!["warmupRatio"]));
    }

    [Fact]
    public void WhatWasGivenStays()
    {
        var stage = Apply(ManifestText.Valid).Spec.Stages[0];
        Assert.Equal(("1e-4", "20"), (stage.Parameters!["learningRate"], stage.Parameters["steps"]));
        Assert.False(stage.Parameters.ContainsKey("epochs"));
    }

    [Theory]
    [InlineData("klCoefficient: \"0.01\"", ReferenceModel.Base)]
    [InlineData("klCoefficient: \"0\"", ReferenceModel.None)]
    [InlineData("klCoefficient: \"0.01\"\n      kl: {reference: PreviousStage}", ReferenceModel.PreviousStage)]
    public void AKlWeightWithoutAReferenceMeansTheBaseModel(string line, ReferenceModel reference) =>
        Assert.Equal(reference, Apply(ManifestText.With("groupSize: 8", line)).Spec.Stages[0].Rft!.Kl!.Reference);

    [Fact]
    public void ThinkingIsRewardedForItsFormToo()
    {
        var rft = Apply(ManifestText.With("groupSize: 8", "prompt: ChainOfThought")).Spec.Stages[0].Rft!;
        Assert.Equal(("0.9", "0.1"), (rft.Reward!.AccuracyWeight, rft.Reward.FormatWeight));
    }

    [Theory]
    [InlineData("GRPO", "0.2", "0.3", "3", Aggregation.TokenMean)]
    [InlineData("REINFORCEPlusPlus", "0.2", "0.3", "3", Aggregation.TokenMean)]
    [InlineData("DrGRPO", "0.2", "0.3", "3", null)]
    [InlineData("GSPO", "0.0003", "0.0004", "0", null)]
    public void AnAlgorithmBringsTheBoundsThatItsRatioNeeds(string algorithm, string clipLow, string clipHigh, string dualClip, Aggregation? aggregation)
    {
        var rft = Apply(ManifestText.With("groupSize: 8", $"algorithm: {algorithm}")).Spec.Stages[0].Rft!;
        Assert.Equal((clipLow, clipHigh, dualClip, aggregation), (rft.ClipLow, rft.ClipHigh, rft.DualClip, rft.LossAggregation));
    }

    [Theory]
    [InlineData("reward: {components: [{scorer: YesNo, weight: \"0.5\"}]}", "0", "0")]
    [InlineData("prompt: ChainOfThought\n      reward: {components: [{scorer: YesNo, weight: \"0.5\"}]}", "0", "0.1")]
    [InlineData("reward: {accuracyWeight: \"0.5\", components: [{scorer: YesNo, weight: \"0.5\"}]}", "0.5", "0")]
    [InlineData("reward: {service: {url: \"http://rewards\"}}", "1", "0")]
    public void ComponentsSayWhatCountsInPlaceOfTheTasksScorer(string line, string accuracy, string format)
    {
        var reward = Apply(ManifestText.With("groupSize: 8", line)).Spec.Stages[0].Rft!.Reward!;
        Assert.Equal((accuracy, format), (reward.AccuracyWeight, reward.FormatWeight));
    }

    [Fact]
    public void ARewardServiceIsAskedWithDefaults()
    {
        var service = Apply(ManifestText.With("groupSize: 8", "reward: {service: {url: \"http://rewards\"}}")).Spec.Stages[0].Rft!.Reward!.Service!;
        Assert.Equal(("1", 30, 64, 3), (service.Weight, service.TimeoutSeconds, service.BatchSize, service.Retries));
    }

    [Fact]
    public void AnSftStageGetsNoRftBlock() => Assert.Null(Apply(ManifestText.Valid).Spec.Stages[1].Rft);

    private static ContinualRun Apply(string text) => RunDefaults.Apply(ManifestReader.Read(text, "run.yaml"));
}
