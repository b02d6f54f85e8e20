using Cpt.Contract;

namespace Cpt.Training;

/// <summary>How a task is scored.</summary>
public sealed record EvaluationSettings
{
    /// <summary>0 = greedy.</summary>
    public double Temperature { get; init; }

    /// <summary>First n evaluation samples; 0 = all.</summary>
    public int MaxSamples { get; init; }

    /// <summary>Cut further where prompt and response would not fit the model's context.</summary>
    public int MaxResponseTokens { get; init; } = 256;

    public PromptStyle Prompt { get; init; } = PromptStyle.Direct;

    /// <summary>Responses generated side by side.</summary>
    public int BatchSize { get; init; } = 256;

    /// <summary>Threads that generate side by side, on one core each.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Decides the draws at a temperature above 0, with the sample's place in the split.</summary>
    public ulong Seed { get; init; }

    /// <summary>Decides what the base model answers when drift is measured.</summary>
    public ulong DriftSeed { get; init; }

    public static EvaluationSettings Of(EvaluationSpec spec, long seed) => new()
    {
        Temperature = spec.Temperature,
        MaxSamples = spec.MaxSamples,
        MaxResponseTokens = spec.MaxResponseTokens,
        Prompt = spec.Prompt,
        BatchSize = spec.BatchSize,
        Seed = Seeds.Of(seed, Seeds.Purpose.Evaluation),
        DriftSeed = Seeds.Of(seed, Seeds.Purpose.Drift),
    };
}
