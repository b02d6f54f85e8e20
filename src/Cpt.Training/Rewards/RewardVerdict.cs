using System.Text.Json;
using System.Text.Json.Serialization;
using Cpt.Contract;

namespace Cpt.Training;

/// <summary>What a reward service said, or why it said nothing, in a form that one worker can tell the others.</summary>
internal sealed record RewardVerdict
{
    public double[]? Values { get; init; }

    public int ExitCode { get; init; }

    public string? Reason { get; init; }

    public string? Message { get; init; }

    public static RewardVerdict Of(double[] values) => new() { Values = values };

    public static RewardVerdict Of(StageFailureException failure) => new() { ExitCode = failure.ExitCode, Reason = failure.Reason, Message = failure.Message };

    public static RewardVerdict Of(string text) => JsonSerializer.Deserialize(text, RewardJson.Default.RewardVerdict)!;

    public string ToText() => JsonSerializer.Serialize(this, RewardJson.Default.RewardVerdict);

    public double[] Rewards() => Values ?? throw new StageFailureException(ExitCode, Reason!, Message!);
}

[JsonSerializable(typeof(RewardVerdict))]
internal sealed partial class RewardJson : JsonSerializerContext;
