using Cpt.Contract;
using Cpt.Tasks;

namespace Cpt.Trainer.Stages;

/// <summary>What a well-formed stage.json may still ask in vain.</summary>
internal static class StageSpecRules
{
    /// <summary>Each finding: field, wrong value, what would be right.</summary>
    public static IReadOnlyList<string> Check(StageSpec spec)
    {
        var findings = new List<string>();
        void Refuse(bool wrong, FormattableString message)
        {
            if (wrong)
            {
                findings.Add(FormattableString.Invariant(message));
            }
        }

        Refuse(spec.Attempt < 1, $"attempt: {spec.Attempt} is too small; the first attempt is 1");
        Refuse(spec.Index < 0, $"index: {spec.Index} is negative; the first stage is 0");
        Refuse(!IsName(spec.StageHash), $"stageHash: \"{spec.StageHash}\" is no stage hash; give 40 lowercase hex digits");
        Refuse(spec.Device is not ("auto" or "cpu" or "cuda"), $"device: \"{spec.Device}\" is unknown; give auto, cpu or cuda");
        foreach (var (path, model) in new[] { ("baseModel", spec.BaseModel), ("input", spec.Input) })
        {
            Refuse(model.Uri is null == model.StageHash is null, $"{path}: give either uri or stageHash");
            Refuse(!IsHex(model.Digest, 64), $"{path}.digest: \"{model.Digest}\" is no digest; give 64 lowercase hex digits");
            Refuse(model.StageHash is { } hash && !IsName(hash), $"{path}.stageHash: \"{model.StageHash}\" is no stage hash; give 40 lowercase hex digits");
        }

        if (findings.Count == 0)
        {
            var due = Digests.StageHash(spec.Input.Digest, spec.Training);
            Refuse(due != spec.StageHash, $"stageHash: \"{spec.StageHash}\" does not name this input and training; it would be \"{due}\"");
        }

        CheckOptimization(spec.Training.Optimization, Refuse);
        CheckRft(spec.Training, Refuse);
        CheckInstances(spec.Training, Refuse);
        Refuse(spec.Probe is { Samples: < 1 }, $"probe.samples: {spec.Probe?.Samples} is too small; give 1 or more");
        Refuse(spec.Probe is { Rollouts: < 2 }, $"probe.rollouts: {spec.Probe?.Rollouts} is too small; a group needs at least 2 rollouts to be mixed");
        CheckWhatIsTrained(spec.Training, Refuse);
        MixtureRules.Check(spec.Training, Refuse);
        if (spec.RewardCalls is { } calls)
        {
            Refuse(calls.TimeoutSeconds < 1, $"rewardCalls.timeoutSeconds: {calls.TimeoutSeconds} is too small; give 1 or more");
            Refuse(calls.BatchSize < 1, $"rewardCalls.batchSize: {calls.BatchSize} is too small; give 1 or more");
            Refuse(calls.Retries < 0, $"rewardCalls.retries: {calls.Retries} is negative; 0 is none");
        }

        Refuse(spec.Checkpoint.IntervalSteps < 0, $"checkpoint.intervalSteps: {spec.Checkpoint.IntervalSteps} is negative; 0 commits only at the end");
        Refuse(spec.Checkpoint.Keep < 1, $"checkpoint.keep: {spec.Checkpoint.Keep} is too small; keep at least 1");
        Refuse(spec.Evaluation.MaxResponseTokens < 1, $"evaluation.maxResponseTokens: {spec.Evaluation.MaxResponseTokens} is too small; give 1 or more");
        Refuse(spec.Evaluation.MaxSamples < 0, $"evaluation.maxSamples: {spec.Evaluation.MaxSamples} is negative; 0 scores all");
        Refuse(spec.Evaluation.DriftPrompts < 0, $"evaluation.driftPrompts: {spec.Evaluation.DriftPrompts} is negative; 0 measures no drift");
        Refuse(spec.Evaluation.BatchSize < 1, $"evaluation.batchSize: {spec.Evaluation.BatchSize} is too small; give 1 or more");
        Refuse(spec.Evaluation.Temperature < 0, $"evaluation.temperature: {spec.Evaluation.Temperature} is negative; 0 is greedy");
        return findings;
    }

    private static void CheckOptimization(OptimizationSpec wanted, Action<bool, FormattableString> refuse)
    {
        const string At = "training.optimization";
        refuse(wanted.LearningRate <= 0, $"{At}.learningRate: {wanted.LearningRate} is too small; give more than 0");
        refuse(wanted.BatchSize < 1, $"{At}.batchSize: {wanted.BatchSize} is too small; give 1 or more");
        refuse(wanted.MicroBatchSize < 0, $"{At}.microBatchSize: {wanted.MicroBatchSize} is negative; 0 is the whole batch");
        refuse(wanted.Steps is < 1, $"{At}.steps: {wanted.Steps} is too small; give 1 or more");
        refuse(wanted.Steps is null && wanted.Epochs <= 0, $"{At}.epochs: {wanted.Epochs} is too small; give more than 0");
        refuse(wanted.WarmupRatio is < 0 or > 1, $"{At}.warmupRatio: {wanted.WarmupRatio} is outside 0 to 1");
        refuse(wanted.WeightDecay < 0, $"{At}.weightDecay: {wanted.WeightDecay} is negative; 0 is none");
        refuse(wanted.Beta1 is < 0 or >= 1, $"{At}.beta1: {wanted.Beta1} is outside 0 to 1");
        refuse(wanted.Beta2 is < 0 or >= 1, $"{At}.beta2: {wanted.Beta2} is outside 0 to 1");
        refuse(wanted.Epsilon <= 0, $"{At}.epsilon: {wanted.Epsilon} is too small; give more than 0");
        refuse(wanted.MaxGradientNorm < 0, $"{At}.maxGradientNorm: {wanted.MaxGradientNorm} is negative; 0 is no clipping");
        refuse(wanted.MaxSequenceTokens < 2, $"{At}.maxSequenceTokens: {wanted.MaxSequenceTokens} is too small; give 2 or more");
        refuse(!Precision.All.Contains(wanted.Precision), $"{At}.precision: \"{wanted.Precision}\" is unknown; give {Precision.Choices}");
        refuse(wanted.StopAtAccuracy is <= 0 or > 1, $"{At}.stopAtAccuracy: {wanted.StopAtAccuracy} is outside 0 to 1");
        refuse(wanted.StopCheckSteps < 1, $"{At}.stopCheckSteps: {wanted.StopCheckSteps} is too small; give 1 or more");
        refuse(wanted.StopEvaluationSamples < 1, $"{At}.stopEvaluationSamples: {wanted.StopEvaluationSamples} is too small; give 1 or more");
    }

    private static void CheckRft(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        const string At = "training.rft";
        if (training.Rft is not { } wanted)
        {
            refuse(training.Method == StageMethod.RFT, $"{At}: missing; method RFT needs it");
            return;
        }

        refuse(training.Method == StageMethod.SFT, $"{At}: given, but training.method is SFT; leave it out");
        refuse(wanted.GroupSize < 2, $"{At}.groupSize: {wanted.GroupSize} is too small; a group needs at least 2 rollouts");
        refuse(wanted.ClipLow <= 0, $"{At}.clipLow: {wanted.ClipLow} is too small; give more than 0");
        refuse(wanted.ClipHigh <= 0, $"{At}.clipHigh: {wanted.ClipHigh} is too small; give more than 0");
        refuse(wanted.DualClip is not 0 and <= 1, $"{At}.dualClip: {wanted.DualClip} is too small; give more than 1, or 0 for none");
        refuse(wanted.KlCoefficient < 0, $"{At}.klCoefficient: {wanted.KlCoefficient} is negative; 0 is none");
        refuse(wanted.KlEstimator is not ("k1" or "k2" or "k3"), $"{At}.klEstimator: \"{wanted.KlEstimator}\" is unknown; give k1, k2 or k3");
        refuse(wanted.LossAggregation is not ("TokenMean" or "SequenceMean" or "Constant"), $"{At}.lossAggregation: \"{wanted.LossAggregation}\" is unknown; give TokenMean, SequenceMean or Constant");
        refuse(wanted is { Algorithm: RftAlgorithm.DrGRPO, LossAggregation: not "Constant" }, $"{At}.lossAggregation: \"{wanted.LossAggregation}\" does not go with algorithm DrGRPO; give Constant");
        refuse(wanted is { Algorithm: RftAlgorithm.GSPO, LossAggregation: not "SequenceMean" }, $"{At}.lossAggregation: \"{wanted.LossAggregation}\" does not go with algorithm GSPO; give SequenceMean");
        refuse(wanted.MiniBatches < 1, $"{At}.miniBatches: {wanted.MiniBatches} is too small; give 1 or more");
        refuse(wanted.DynamicSamplingBatches < 0, $"{At}.dynamicSamplingBatches: {wanted.DynamicSamplingBatches} is negative; 0 is off");
        refuse(wanted.Temperature <= 0, $"{At}.temperature: {wanted.Temperature} is too small; rollouts of one prompt must differ, give more than 0");
        refuse(wanted.TopP is <= 0 or > 1, $"{At}.topP: {wanted.TopP} is outside 0 to 1");
        refuse(wanted.TopK < 0, $"{At}.topK: {wanted.TopK} is negative; 0 is off");
        refuse(wanted.MaxResponseTokens < 1, $"{At}.maxResponseTokens: {wanted.MaxResponseTokens} is too small; give 1 or more");
        refuse(wanted.RolloutThreads < 1, $"{At}.rolloutThreads: {wanted.RolloutThreads} is too small; give 1 or more");
        CheckRewards(wanted, refuse);
        refuse(wanted.PreflightRollouts < 0, $"{At}.preflightRollouts: {wanted.PreflightRollouts} is negative; 0 is no preflight");
    }

    private static void CheckInstances(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        if (training.Rft?.InstanceFilter is { } filter)
        {
            const string At = "training.rft.instanceFilter";
            refuse(filter.Rollouts < 1, $"{At}.rollouts: {filter.Rollouts} is too small; give 1 or more");
            refuse(!double.IsFinite(filter.MinimumReward), $"{At}.minimumReward: {filter.MinimumReward} is no reward");
            refuse(filter.MinimumSolved < 0 || filter.MinimumSolved > filter.MaximumSolved, $"{At}.minimumSolved: {filter.MinimumSolved} is outside 0 to maximumSolved ({filter.MaximumSolved})");
            refuse(filter.MaximumSolved > filter.Rollouts, $"{At}.maximumSolved: {filter.MaximumSolved} is more than rollouts ({filter.Rollouts})");
        }

        if (training.SelfDistillation is { } own)
        {
            const string At = "training.selfDistillation";
            refuse(training.Method != StageMethod.SFT, $"{At}: given, but training.method is {training.Method}; it is for SFT");
            refuse(own.Rollouts < 1, $"{At}.rollouts: {own.Rollouts} is too small; give 1 or more");
            refuse(!double.IsFinite(own.MinimumReward), $"{At}.minimumReward: {own.MinimumReward} is no reward");
            refuse(own.Temperature < 0, $"{At}.temperature: {own.Temperature} is negative; 0 is greedy");
            refuse(own.TopP is <= 0 or > 1, $"{At}.topP: {own.TopP} is outside 0 to 1");
            refuse(own.MaxResponseTokens < 1, $"{At}.maxResponseTokens: {own.MaxResponseTokens} is too small; give 1 or more");
            refuse(own.RolloutThreads < 1, $"{At}.rolloutThreads: {own.RolloutThreads} is too small; give 1 or more");
        }
    }

    private static void CheckRewards(RftSpec wanted, Action<bool, FormattableString> refuse)
    {
        foreach (var (place, component) in (wanted.RewardComponents ?? []).Index())
        {
            var at = $"training.rft.rewardComponents[{place}]";
            refuse(!Scorers.TryGet(component.Scorer, out _, out var problem), $"{at}.scorer: {problem}");
            refuse(!(component.Weight >= 0), $"{at}.weight: {component.Weight} is negative; 0 is none");
        }

        if (wanted.RewardService is { } service)
        {
            refuse(!Uri.TryCreate(service.Url, UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https"), $"training.rft.rewardService.url: \"{service.Url}\" is no address; give http:// or https://");
            refuse(!(service.Weight >= 0), $"training.rft.rewardService.weight: {service.Weight} is negative; 0 is none");
        }
    }

    private static void CheckWhatIsTrained(TrainingSpec training, Action<bool, FormattableString> refuse)
    {
        refuse(training is { Method: not StageMethod.SFT, Optimization.PackSequences: true }, $"training.optimization.packSequences: true is only for training.method SFT");
        refuse(training.Freeze is { Count: 0 }, $"training.freeze: empty; leave it out");
        if (training.Lora is not { } wanted)
        {
            return;
        }

        const string At = "training.lora";
        refuse(training.Freeze is not null, $"training.freeze: stands beside training.lora, which freezes every weight; leave one of them out");
        refuse(wanted.Rank < 1, $"{At}.rank: {wanted.Rank} is too small; give 1 or more");
        refuse(wanted.Alpha <= 0, $"{At}.alpha: {wanted.Alpha} is too small; give more than 0");
        refuse(wanted.Dropout is < 0 or >= 1, $"{At}.dropout: {wanted.Dropout} is outside 0 to 1");
        refuse(wanted.Targets.Count == 0, $"{At}.targets: empty; give names of linear layers, or AllLinear");
    }

    private static bool IsName(string text) => IsHex(text, 40);

    private static bool IsHex(string text, int digits) => text.Length == digits && text.All(char.IsAsciiHexDigitLower);
}
