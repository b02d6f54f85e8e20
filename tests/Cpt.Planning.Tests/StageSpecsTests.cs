using Cpt.Api;
using Cpt.Contract;

namespace Cpt.Planning.Tests;

public sealed class StageSpecsTests
{
    private static readonly StageInputs s_inputs = new() { BaseModelDigest = A.Digest("base"), InputDigest = A.Digest("base"), TaskDigest = A.Digest("task") };

    [Fact]
    public void TheFirstStageStartsFromTheBaseModelAndTheNextFromItsResult()
    {
        var run = A.Run("demo").WithStage("sums", Method.SFT).WithStage("half", Method.RFT).Build();
        var first = StageSpecs.Build(run, 0, s_inputs);
        var second = StageSpecs.Build(run, 1, s_inputs with { InputStageHash = first.StageHash, InputDigest = A.Digest("result") });

        Assert.Equal(("bundled://models/digits-base", null, A.Digest("base")), (first.Input.Uri, first.Input.StageHash, first.Input.Digest));
        Assert.Equal((null, first.StageHash, A.Digest("result")), (second.Input.Uri, second.Input.StageHash, second.Input.Digest));
        Assert.Equal(first.BaseModel, second.BaseModel);
        Assert.Equal(Digests.BaselineHash(A.Digest("base")), first.Evaluation.PreviousRow);
        Assert.Equal(first.StageHash, second.Evaluation.PreviousRow);
        Assert.Equal(["sums"], first.Evaluation.Tasks.Select(task => task.Name));
        Assert.Equal(["sums", "half"], second.Evaluation.Tasks.Select(task => task.Name));
    }

    [Fact]
    public void ALoraReachesTheTrainerWithItsDefaultsFilledIn()
    {
        TrainingSpec Training(LoraSettings? lora, IReadOnlyList<string>? freeze = null) =>
            StageSpecs.Build(A.Run("demo").WithStage("sums", Method.SFT).With(spec => spec with { Stages = [spec.Stages[0] with { Lora = lora, Freeze = freeze }] }).Build(), 0, s_inputs).Training;

        Assert.Equal((null, null, 1e-5), (Training(null).Lora, Training(null, []).Freeze, Training(null).Optimization.LearningRate));
        var plain = Training(new LoraSettings());
        Assert.Equivalent(new LoraSpec { Rank = 16, Alpha = 32, Targets = ["AllLinear"] }, plain.Lora, strict: true);
        Assert.Equal(1e-4, plain.Optimization.LearningRate);
        Assert.Equivalent(
            new LoraSpec { Rank = 4, Alpha = 2.5, Dropout = 0.1, Targets = ["q_proj"], VisionTower = true, RankStabilized = true },
            Training(new LoraSettings { Rank = 4, Alpha = "2.5", Dropout = "0.1", Targets = ["q_proj"], VisionTower = true, RankStabilized = true }).Lora, strict: true);
        Assert.Equal(["visual.*"], Training(null, ["visual.*"]).Freeze!);
    }

    /// <summary>They change no bit of the weights: a stage that ran out of memory goes on from its last checkpoint with them.</summary>
    [Fact]
    public void WhatOnlySavesMemoryIsNotPartOfTheHash()
    {
        StageSpec Spec(params (string Key, string Value)[] parameters) => StageSpecs.Build(
            A.Run("demo").WithStage("sums", Method.SFT).With(spec => spec with { Stages = [spec.Stages[0] with { Parameters = parameters.ToDictionary(StringComparer.Ordinal) }] }).Build(), 0, s_inputs);

        var plain = Spec();
        var frugal = Spec(("gradientCheckpointing", "true"), ("offloadOptimizer", "true"));
        Assert.Null(plain.Memory);
        Assert.Equal(new MemorySpec { GradientCheckpointing = true, OffloadOptimizer = true }, frugal.Memory);
        Assert.Equal(plain.StageHash, frugal.StageHash);
        Assert.NotEqual(plain.StageHash, Spec(("packSequences", "true")).StageHash);
        Assert.Equal(plain.StageHash, Spec(("packSequences", "false")).StageHash);
    }

    [Fact]
    public void EveryParameterReachesTheTrainer()
    {
        var run = A.Run("demo").WithStage("sums", Method.SFT).With(spec => spec with
        {
            Seed = 7,
            Stages =
            [
                spec.Stages[0] with
                {
                    Parameters = new Dictionary<string, string>(StringComparer.Ordinal)
                    {
                        ["learningRate"] = "3e-4", ["steps"] = "12", ["batchSize"] = "16", ["microBatchSize"] = "4", ["schedule"] = "Linear",
                        ["warmupRatio"] = "0.25", ["weightDecay"] = "0.05", ["beta1"] = "0.8", ["beta2"] = "0.95", ["epsilon"] = "1e-6",
                        ["maxGradientNorm"] = "0.5", ["maxSequenceTokens"] = "64", ["precision"] = "bfloat16",
                        ["packSequences"] = "true", ["stopAtAccuracy"] = "0.9", ["stopCheckSteps"] = "3", ["stopEvaluationSamples"] = "32",
                    },
                },
            ],
        }).Build();

        var training = StageSpecs.Build(run, 0, s_inputs).Training;

        Assert.Equal(7, training.Seed);
        Assert.Null(training.Rft);
        Assert.Equal(
            new OptimizationSpec
            {
                LearningRate = 3e-4, Steps = 12, BatchSize = 16, MicroBatchSize = 4, Schedule = LearningRateSchedule.Linear,
                WarmupRatio = 0.25, WeightDecay = 0.05, Beta1 = 0.8, Beta2 = 0.95, Epsilon = 1e-6,
                MaxGradientNorm = 0.5, MaxSequenceTokens = 64, Precision = "bfloat16", PackSequences = true,
                StopAtAccuracy = 0.9, StopCheckSteps = 3, StopEvaluationSamples = 32,
            },
            training.Optimization);
    }

    [Fact]
    public void EveryFieldOfRftReachesTheTrainer()
    {
        var run = A.Run("demo").WithStage("half", Method.RFT).With(spec => spec with
        {
            Stages =
            [
                spec.Stages[0] with
                {
                    Rft = new RftSettings
                    {
                        Algorithm = Algorithm.RLOO, GroupSize = 4, KlCoefficient = "0.01", ClipLow = "0.1", ClipHigh = "0.28", DualClip = "2.5",
                        Kl = new KlSettings { Reference = ReferenceModel.PreviousStage, Estimator = Estimator.K2 },
                        Temperature = "0.9", TopP = "0.99", TopK = 20, MaxResponseTokens = 9, MiniBatches = 2,
                        LossAggregation = Aggregation.SequenceMean, DynamicSampling = 3, Prompt = PromptMode.ChainOfThought,
                        Reward = new RewardSettings { AccuracyWeight = "0.8", FormatWeight = "0.2" }, PreflightRollouts = 5,
                    },
                },
            ],
        }).Build();

        Assert.Equal(
            new RftSpec
            {
                Algorithm = RftAlgorithm.RLOO, GroupSize = 4, KlCoefficient = 0.01, ClipLow = 0.1, ClipHigh = 0.28, DualClip = 2.5,
                KlReference = KlReference.PreviousStage, KlEstimator = "k2", Temperature = 0.9, TopP = 0.99, TopK = 20, MaxResponseTokens = 9,
                MiniBatches = 2, LossAggregation = "SequenceMean", DynamicSamplingBatches = 3, Prompt = PromptStyle.ChainOfThought,
                AccuracyWeight = 0.8, FormatWeight = 0.2, PreflightRollouts = 5,
            },
            StageSpecs.Build(run, 0, s_inputs).Training.Rft);
    }

    [Fact]
    public void RewardsBesideAccuracyReachTheTrainerAndHowTheServiceIsCalledDecidesNoHash()
    {
        ContinualRun Run(RewardSettings reward) => A.Run("demo").WithStage("half", Method.RFT).With(spec => spec with { Stages = [spec.Stages[0] with { Rft = new RftSettings { Reward = reward } }] }).Build();
        var reward = new RewardSettings
        {
            Components = [new RewardComponent { Scorer = Scorer.BoxedAnswer, Weight = "0.75" }],
            Service = new RewardServiceSettings { Url = "http://rewards/judge", Weight = "0.25", TimeoutSeconds = 5, BatchSize = 7, Retries = 2 },
        };
        var spec = StageSpecs.Build(Run(reward), 0, s_inputs);
        Assert.Equal(new RewardComponentSpec { Scorer = "BoxedAnswer", Weight = 0.75 }, Assert.Single(spec.Training.Rft!.RewardComponents!));
        Assert.Equal(new RewardServiceSpec { Url = "http://rewards/judge", Weight = 0.25 }, spec.Training.Rft.RewardService);
        Assert.Equal(0, spec.Training.Rft.AccuracyWeight);
        Assert.Equal(new RewardCallSpec { TimeoutSeconds = 5, BatchSize = 7, Retries = 2 }, spec.RewardCalls);

        Assert.Equal(spec.StageHash, StageSpecs.Build(Run(reward with { Service = reward.Service with { TimeoutSeconds = 9, BatchSize = 1, Retries = 0 } }), 0, s_inputs).StageHash);
        Assert.NotEqual(spec.StageHash, StageSpecs.Build(Run(reward with { Service = reward.Service with { Weight = "0.5" } }), 0, s_inputs).StageHash);
        Assert.NotEqual(spec.StageHash, StageSpecs.Build(Run(reward with { Components = null, AccuracyWeight = "0" }), 0, s_inputs).StageHash);
    }

    [Fact]
    public void WithoutSuchRewardsTheSpecReadsAsBefore()
    {
        var json = System.Text.Json.JsonSerializer.Serialize(StageSpecs.Build(A.Run("demo").WithStage("half", Method.RFT).Build(), 0, s_inputs), ContractJson.Default.StageSpec);
        Assert.DoesNotContain("reward", json, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData(Algorithm.GRPO, RftAlgorithm.GRPO, "TokenMean", 0.3)]
    [InlineData(Algorithm.ReMax, RftAlgorithm.ReMax, "TokenMean", 0.3)]
    [InlineData(Algorithm.DrGRPO, RftAlgorithm.DrGRPO, "Constant", 0.3)]
    [InlineData(Algorithm.REINFORCEPlusPlus, RftAlgorithm.REINFORCEPlusPlus, "TokenMean", 0.3)]
    [InlineData(Algorithm.GSPO, RftAlgorithm.GSPO, "SequenceMean", 0.0004)]
    public void AnAlgorithmReachesTheTrainerWithItsOwnAggregationAndBounds(Algorithm asked, RftAlgorithm algorithm, string aggregation, double clipHigh)
    {
        var run = A.Run("demo").WithStage("half", Method.RFT).With(spec => spec with { Stages = [spec.Stages[0] with { Rft = new RftSettings { Algorithm = asked } }] }).Build();
        var rft = StageSpecs.Build(run, 0, s_inputs).Training.Rft!;
        Assert.Equal((algorithm, aggregation, clipHigh), (rft.Algorithm, rft.LossAggregation, rft.ClipHigh));
    }

    [Fact]
    public void AnInstanceFilterReachesTheTrainerWithItsDefaultsFilledIn()
    {
        TrainingSpec Training(InstanceFilterSettings? filter) => StageSpecs.Build(
            A.Run("demo").WithStage("half", Method.RFT).With(spec => spec with { Stages = [spec.Stages[0] with { Rft = new RftSettings { InstanceFilter = filter } }] }).Build(), 0, s_inputs).Training;

        Assert.Null(Training(null).Rft!.InstanceFilter);
        Assert.Equal(new InstanceFilterSpec { Rollouts = 8, MinimumReward = 0.5, MinimumSolved = 1, MaximumSolved = 8 }, Training(new InstanceFilterSettings()).Rft!.InstanceFilter);
        Assert.Equal(4, Training(new InstanceFilterSettings { Rollouts = 4 }).Rft!.InstanceFilter!.MaximumSolved);
        Assert.Equal(
            new InstanceFilterSpec { Rollouts = 16, MinimumReward = 0.9, MinimumSolved = 2, MaximumSolved = 12, Control = InstanceControl.Random },
            Training(new InstanceFilterSettings { Rollouts = 16, MinimumReward = "0.9", MinimumSolved = 2, MaximumSolved = 12, Control = FilterControl.Random }).Rft!.InstanceFilter);
    }

    [Fact]
    public void SelfDistillationReachesTheTrainerWithItsDefaultsFilledIn()
    {
        TrainingSpec Training(SelfDistillationSettings? own) => StageSpecs.Build(
            A.Run("demo").WithStage("half", Method.SFT).With(spec => spec with { Stages = [spec.Stages[0] with { SelfDistillation = own }] }).Build(), 0, s_inputs).Training;

        Assert.Null(Training(null).SelfDistillation);
        Assert.Equal(new SelfDistillationSpec(), Training(new SelfDistillationSettings()).SelfDistillation);
        Assert.Equal(
            new SelfDistillationSpec
            {
                Rollouts = 4, MinimumReward = 0.9, PerSample = ValidRollouts.All, Prompt = PromptStyle.ChainOfThought, Temperature = 0.8, TopP = 0.9, MaxResponseTokens = 64,
            },
            Training(new SelfDistillationSettings
            {
                Rollouts = 4, MinimumReward = "0.9", PerSample = LearnedRollouts.All, Prompt = PromptMode.ChainOfThought, Temperature = "0.8", TopP = "0.9", MaxResponseTokens = 64,
            }).SelfDistillation);
    }

    [Fact]
    public void AProbeAsksAsItsStageWouldAndIsNoPartOfTheHash()
    {
        StageSpec Spec(Method method, ProbeSettings? probe, SelfDistillationSettings? own = null) => StageSpecs.Build(
            A.Run("demo").WithStage("half", method).With(spec => spec with
            {
                Evaluation = new EvaluationSettings { MaxResponseTokens = 9, Prompt = PromptMode.ChainOfThought },
                Stages = [spec.Stages[0] with { Probe = probe, SelfDistillation = own, Rft = method == Method.RFT ? new RftSettings { Temperature = "0.7" } : null }],
            }).Build(), 0, s_inputs);

        var rft = Spec(Method.RFT, new ProbeSettings { Samples = 5, Rollouts = 3 });
        Assert.Equal(new ProbeSpec { Samples = 5, Rollouts = 3, Sampling = rft.Training.Rft! }, rft.Probe);
        Assert.Equal(Spec(Method.RFT, null).StageHash, rft.StageHash);
        Assert.Null(Spec(Method.RFT, null).Probe);

        var sft = Spec(Method.SFT, new ProbeSettings()).Probe!;
        Assert.Equal((64, 8, PromptStyle.ChainOfThought, 9, 0.9, 0.1), (sft.Samples, sft.Rollouts, sft.Sampling.Prompt, sft.Sampling.MaxResponseTokens, sft.Sampling.AccuracyWeight, sft.Sampling.FormatWeight));
        var own = Spec(Method.SFT, new ProbeSettings(), new SelfDistillationSettings { MaxResponseTokens = 5 }).Probe!;
        Assert.Equal((PromptStyle.Direct, 5, 1.0, 0.0), (own.Sampling.Prompt, own.Sampling.MaxResponseTokens, own.Sampling.AccuracyWeight, own.Sampling.FormatWeight));
    }

    /// <summary>Hashes of stages that were trained before a field was added: it must not train them again.</summary>
    [Theory]
    [InlineData(Method.SFT, "e8e524d6bb577d2da2f5de9fa832f017bd42db26")]
    [InlineData(Method.RFT, "ac6b4f3e1b15bb202e2846dbe2430f01a91f0069")]
    public void AStageWithoutAnyNewFieldHasTheHashItAlwaysHad(Method method, string hash) =>
        Assert.Equal(hash, StageSpecs.Build(A.Run("demo").WithStage("sums", method).Build(), 0, s_inputs).StageHash);

    [Theory]
    [InlineData(null, null, "auto")]
    [InlineData("cuda", null, "cuda")]
    [InlineData("cuda", "cpu", "cpu")]
    public void TheDeviceIsTheStagesOwnElseTheRuns(string? ofTheRun, string? ofTheStage, string expected)
    {
        var run = A.Run("demo").WithStage("sums", Method.SFT).With(spec => spec with
        {
            Template = ofTheRun is null ? null : new WorkloadTemplate { Device = ofTheRun },
            Stages = [spec.Stages[0] with { Template = ofTheStage is null ? new WorkloadTemplate { Image = "other" } : new WorkloadTemplate { Device = ofTheStage } }],
        }).Build();
        Assert.Equal(expected, StageSpecs.Build(run, 0, s_inputs).Device);
    }

    [Fact]
    public void StepsWithoutEpochsLeaveNothingUnresolved() =>
        Assert.Equal(1, StageSpecs.Training(WithParameter("steps", "5"), 0, null).Optimization.Epochs);

    public static TheoryData<string, Func<ContinualRun, ContinualRun>, bool> Edits => new()
    {
        { "a learning rate", run => Edit(run, stage => stage with { Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["learningRate"] = "1e-3" } }), true },
        { "the same learning rate written otherwise", run => Edit(run, stage => stage with { Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { ["learningRate"] = "0.00001" } }), false },
        { "a method", run => Edit(run, stage => stage with { Method = Method.RFT }), true },
        { "a scorer", run => Edit(run, stage => stage with { Task = stage.Task! with { Scorer = Scorer.Numeric } }), true },
        { "a seed", run => run with { Spec = run.Spec with { Seed = 1 } }, true },
        { "the stage's name", run => Edit(run, stage => stage with { Name = "other" }), false },
        { "a default written out", run => RunDefaults.Apply(run), false },
        { "where the same data lies", run => Edit(run, stage => stage with { Task = stage.Task! with { Uri = "file:///elsewhere" } }), false },
        { "the checkpoint interval", run => run with { Spec = run.Spec with { Checkpoint = new CheckpointSettings { IntervalSteps = 1 } } }, false },
        { "the evaluation", run => run with { Spec = run.Spec with { Evaluation = new EvaluationSettings { MaxSamples = 3 } } }, false },
        { "the device", run => run with { Spec = run.Spec with { Template = new WorkloadTemplate { Device = "cuda" } } }, false },
        { "the retries", run => run with { Spec = run.Spec with { Retry = new RetrySettings { MaxRetries = 9 } } }, false },
    };

    [Theory]
    [MemberData(nameof(Edits))]
    public void OnlyWhatDecidesTheWeightsChangesAStagesHash(string what, Func<ContinualRun, ContinualRun> edit, bool changes)
    {
        Assert.NotEmpty(what);
        var run = A.Run("demo").WithStage("sums", Method.SFT).Build();
        Assert.Equal(changes, StageSpecs.Build(run, 0, s_inputs).StageHash != StageSpecs.Build(edit(run), 0, s_inputs).StageHash);
    }

    [Fact]
    public void OtherDataOrAnotherInputIsAnotherStage()
    {
        var run = A.Run("demo").WithStage("sums", Method.SFT).Build();
        string[] hashes =
        [
            StageSpecs.Build(run, 0, s_inputs).StageHash,
            StageSpecs.Build(run, 0, s_inputs with { TaskDigest = A.Digest("other") }).StageHash,
            StageSpecs.Build(run, 0, s_inputs with { InputDigest = A.Digest("other") }).StageHash,
        ];
        Assert.Equal(3, hashes.Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(hashes[0], StageSpecs.Build(run, 0, s_inputs with { Attempt = 5, Baseline = true }).StageHash);
    }

    private static ContinualRun WithParameter(string key, string value) =>
        Edit(A.Run("demo").WithStage("sums", Method.SFT).Build(), stage => stage with { Parameters = new Dictionary<string, string>(StringComparer.Ordinal) { [key] = value } });

    private static ContinualRun Edit(ContinualRun run, Func<RunStage, RunStage> edit) => run with { Spec = run.Spec with { Stages = [.. run.Spec.Stages.Select(edit)] } };
}
