using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>A scorer whose verdict a rollout earns besides the task's own.</summary>
public sealed record RewardComponent
{
    /// <summary>Judges what the task's scorer judges: the response, or with prompt ChainOfThought what stands in the last box.</summary>
    public required Scorer Scorer { get; init; }

    /// <summary>Weight of its verdict.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public required string Weight { get; init; }
}

/// <summary>An HTTP service of your own that judges rollouts: <c>docs/methods.md</c> has its request and its answer.</summary>
public sealed record RewardServiceSettings
{
    /// <summary>Where rollouts are posted. A name inside the cluster will do; no credentials in it.</summary>
    [UriScheme("http", "https")]
    public required string Url { get; init; }

    /// <summary>Weight of its verdict.</summary>
    [Decimal(Minimum = 0, Maximum = 1)]
    public string? Weight { get; init; }

    /// <summary>How long one request may take.</summary>
    [Minimum(1)]
    [Maximum(300)]
    public int? TimeoutSeconds { get; init; }

    /// <summary>Rollouts a request.</summary>
    [Minimum(1)]
    [Maximum(4096)]
    public int? BatchSize { get; init; }

    /// <summary>How often a request is repeated that was not answered, with growing pauses; the attempt fails after the last, and is then retried as <c>spec.retry</c> says.</summary>
    [Minimum(0)]
    [Maximum(10)]
    public int? Retries { get; init; }
}
