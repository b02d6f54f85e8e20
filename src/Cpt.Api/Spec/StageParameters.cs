using System.Globalization;
using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>The known keys of <c>spec.stages[].parameters</c>: parameters of the optimization, all written as strings.</summary>
public static class StageParameters
{
    public const string LearningRate = "learningRate";
    public const string Epochs = "epochs";
    public const string Steps = "steps";
    public const string BatchSize = "batchSize";
    public const string MicroBatchSize = "microBatchSize";
    public const string Schedule = "schedule";
    public const string WarmupRatio = "warmupRatio";
    public const string WeightDecay = "weightDecay";
    public const string Beta1 = "beta1";
    public const string Beta2 = "beta2";
    public const string Epsilon = "epsilon";
    public const string MaxGradientNorm = "maxGradientNorm";
    public const string MaxSequenceTokens = "maxSequenceTokens";
    public const string Precision = "precision";
    public const string StopAtAccuracy = "stopAtAccuracy";
    public const string StopCheckSteps = "stopCheckSteps";
    public const string StopEvaluationSamples = "stopEvaluationSamples";

    /// <summary>Every known key with the rule its value must obey.</summary>
    public static IReadOnlyDictionary<string, Func<string, string?>> Rules { get; } = new Dictionary<string, Func<string, string?>>(StringComparer.Ordinal)
    {
        [LearningRate] = new DecimalAttribute { Above = 0, Maximum = 1 }.Check,
        [Epochs] = new DecimalAttribute { Above = 0, Maximum = 10000 }.Check,
        [Steps] = Integer(1, 10_000_000),
        [BatchSize] = Integer(1, 1_000_000),
        [MicroBatchSize] = Integer(0, 1_000_000),
        [Schedule] = OneOf("Constant", "Linear", "Cosine"),
        [WarmupRatio] = new DecimalAttribute { Minimum = 0, Maximum = 1 }.Check,
        [WeightDecay] = new DecimalAttribute { Minimum = 0, Maximum = 1 }.Check,
        [Beta1] = new DecimalAttribute { Minimum = 0, Maximum = 0.999999 }.Check,
        [Beta2] = new DecimalAttribute { Minimum = 0, Maximum = 0.999999 }.Check,
        [Epsilon] = new DecimalAttribute { Above = 0, Maximum = 1 }.Check,
        [MaxGradientNorm] = new DecimalAttribute { Minimum = 0 }.Check,
        [MaxSequenceTokens] = Integer(2, 10_000_000),
        [Precision] = OneOf("float32", "bfloat16", "bfloat16-master", "bfloat16-pure"),
        [StopAtAccuracy] = new DecimalAttribute { Above = 0, Maximum = 1 }.Check,
        [StopCheckSteps] = Integer(1, 1_000_000),
        [StopEvaluationSamples] = Integer(1, 1_000_000),
    };

    private static Func<string, string?> Integer(long minimum, long maximum) => text =>
    {
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number))
        {
            return $"\"{text}\" is not a whole number";
        }

        return new MinimumAttribute(minimum).Check(number) ?? new MaximumAttribute(maximum).Check(number);
    };

    private static Func<string, string?> OneOf(params string[] known) => text =>
        known.Contains(text, StringComparer.Ordinal) ? null : $"\"{text}\" is unknown; use one of {string.Join(", ", known)}";
}
