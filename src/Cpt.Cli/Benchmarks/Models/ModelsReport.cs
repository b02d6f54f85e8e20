using Cpt.Cli.Benchmarks.Trainer;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>What <c>cpt bench models</c> found.</summary>
internal sealed record ModelsReport
{
    public required string Cpu { get; init; }

    /// <summary><c>cpu</c> or <c>cuda:0</c>.</summary>
    public required string Device { get; init; }

    /// <summary>The GPU's own name, as the peer knows it; null on a CPU or without a peer.</summary>
    public string? Gpu { get; init; }

    public required string Libtorch { get; init; }

    /// <summary>Version of PyTorch and, where it has them, of transformers; null without a peer.</summary>
    public string? Peer { get; init; }

    public required int Threads { get; init; }

    public required IReadOnlyList<ShapeReport> Shapes { get; init; }
}

/// <summary>One shape in one precision.</summary>
internal sealed record ShapeReport
{
    public required string Shape { get; init; }

    public required string Precision { get; init; }

    public required long Parameters { get; init; }

    public required IReadOnlyList<WorkReport> Work { get; init; }
}

/// <summary>One kind of work on both sides.</summary>
internal sealed record WorkReport
{
    /// <summary><c>forward</c>, <c>training</c> or <c>decoding</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Null where our side failed; <see cref="Failure"/> says why.</summary>
    public Timing? Ours { get; init; }

    /// <summary>Null where the peer failed or there is none.</summary>
    public Timing? Peer { get; init; }

    public double? Ratio => Ours is not null && Peer is not null ? Ours.TokensPerSecond / Peer.TokensPerSecond : null;

    public string? Failure { get; init; }

    public string? PeerFailure { get; init; }
}

/// <param name="Tokens">Of each of the times.</param>
/// <param name="Seconds">Times of equal work, in their order.</param>
/// <param name="PeakBytes">Device memory in tensors at most; null on a CPU.</param>
/// <param name="PeakReservedBytes">Device memory taken at most, what is kept for later included.</param>
internal sealed record Timing(long Tokens, IReadOnlyList<double> Seconds, long? PeakBytes = null, long? PeakReservedBytes = null)
{
    /// <summary>Of the median time.</summary>
    public double TokensPerSecond => Tokens / Statistics.Median(Seconds);
}
