using Cpt.Api.Rules;

namespace Cpt.Api;

/// <summary>One of several tasks that a stage learns together.</summary>
public sealed record JointTask
{
    /// <summary>Its column in the matrix; unique among the run's stages and tasks.</summary>
    [DnsLabel]
    public required string Name { get; init; }

    /// <summary>A task directory, or a generator such as <c>generated://digits/parity?seed=1</c>.</summary>
    [UriScheme("azblob", "file", "pvc", "generated")]
    public required string Uri { get; init; }

    /// <summary>Overrides the scorer that the task names.</summary>
    public Scorer? Scorer { get; init; }
}
