namespace Cpt.Kubernetes;

/// <summary><c>DeleteOptions</c> as the server takes them.</summary>
internal sealed record DeleteBody
{
    public string ApiVersion { get; } = "v1";

    public string Kind { get; } = "DeleteOptions";

    public string? PropagationPolicy { get; init; }

    public long? GracePeriodSeconds { get; init; }

    public DeletePreconditions? Preconditions { get; init; }

    public IReadOnlyList<string>? DryRun { get; init; }
}

internal sealed record DeletePreconditions(string? Uid, string? ResourceVersion);
