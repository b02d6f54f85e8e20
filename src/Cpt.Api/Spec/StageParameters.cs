using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>The known keys of <c>spec.stages[].parameters</c>: parameters of the optimization, all written as strings.</summary>
public static class StageParameters
{
    /// <summary>Largest learning rate of the schedule.</summary>
    public const string LearningRate = "learningRate";

    /// <summary>Passes over the training split, for example "0.5"; not beside steps.</summary>
    public const string Epochs = "epochs";

    /// <summary>Optimizer steps; not beside epochs.</summary>
    public const string Steps = "steps";

    /// <summary>Samples (SFT) or prompts (RFT) of one step.</summary>
    public const string BatchSize = "batchSize";

    /// <summary>Samples that go through the model at once: less memory, the same result; "0" = the whole batch.</summary>
    public const string MicroBatchSize = "microBatchSize";

    /// <summary>How the learning rate moves after the warm-up.</summary>
    public const string Schedule = "schedule";

    /// <summary>Share of the steps in which the learning rate rises to its largest value.</summary>
    public const string WarmupRatio = "warmupRatio";

    /// <summary>Of AdamW.</summary>
    public const string WeightDecay = "weightDecay";

    /// <summary>Of AdamW.</summary>
    public const string Beta1 = "beta1";

    /// <summary>Of AdamW.</summary>
    public const string Beta2 = "beta2";

    /// <summary>Of AdamW.</summary>
    public const string Epsilon = "epsilon";

    /// <summary>Gradients are scaled down to this norm; "0" = never.</summary>
    public const string MaxGradientNorm = "maxGradientNorm";

    /// <summary>Longest sample, prompt and answer together.</summary>
    public const string MaxSequenceTokens = "maxSequenceTokens";

    /// <summary>In what numbers the model computes.</summary>
    public const string Precision = "precision";

    /// <summary>"true": activations are computed again in the backward pass instead of being kept. Same weights, less memory, about a third more time.</summary>
    public const string GradientCheckpointing = "gradientCheckpointing";

    /// <summary>"true": the optimizer's state stays in the host's memory. Same weights; for a GPU that cannot hold it.</summary>
    public const string OffloadOptimizer = "offloadOptimizer";

    /// <summary>"true": samples of a step stand one after the other without padding, each seeing itself alone. Only for method SFT.</summary>
    public const string PackSequences = "packSequences";

    /// <summary>The stage ends early once this share of sampled answers is right.</summary>
    public const string StopAtAccuracy = "stopAtAccuracy";

    /// <summary>With stopAtAccuracy: steps between two looks; 5 where it is left out.</summary>
    public const string StopCheckSteps = "stopCheckSteps";

    /// <summary>With stopAtAccuracy: samples of one look; 256 where it is left out.</summary>
    public const string StopEvaluationSamples = "stopEvaluationSamples";

    /// <summary>Every known key with the rule its value must obey.</summary>
    public static IReadOnlyDictionary<string, FieldRuleAttribute> Rules { get; } = new OrderedDictionary<string, FieldRuleAttribute>(StringComparer.Ordinal)
    {
        [LearningRate] = new DecimalAttribute { Above = 0, Maximum = 1 },
        [Epochs] = new DecimalAttribute { Above = 0, Maximum = 10000 },
        [Steps] = new WholeNumberAttribute(1, 10_000_000),
        [BatchSize] = new WholeNumberAttribute(1, 1_000_000),
        [MicroBatchSize] = new WholeNumberAttribute(0, 1_000_000),
        [Schedule] = new OneOfAttribute("Constant", "Linear", "Cosine"),
        [WarmupRatio] = new DecimalAttribute { Minimum = 0, Maximum = 1 },
        [WeightDecay] = new DecimalAttribute { Minimum = 0, Maximum = 1 },
        [Beta1] = new DecimalAttribute { Minimum = 0, Maximum = 0.999999 },
        [Beta2] = new DecimalAttribute { Minimum = 0, Maximum = 0.999999 },
        [Epsilon] = new DecimalAttribute { Above = 0, Maximum = 1 },
        [MaxGradientNorm] = new DecimalAttribute { Minimum = 0 },
        [MaxSequenceTokens] = new WholeNumberAttribute(2, 10_000_000),
        [Precision] = new OneOfAttribute("float32", "bfloat16", "bfloat16-master", "bfloat16-pure"),
        [GradientCheckpointing] = new OneOfAttribute("true", "false"),
        [OffloadOptimizer] = new OneOfAttribute("true", "false"),
        [PackSequences] = new OneOfAttribute("true", "false"),
        [StopAtAccuracy] = new DecimalAttribute { Above = 0, Maximum = 1 },
        [StopCheckSteps] = new WholeNumberAttribute(1, 1_000_000),
        [StopEvaluationSamples] = new WholeNumberAttribute(1, 1_000_000),
    };
}
