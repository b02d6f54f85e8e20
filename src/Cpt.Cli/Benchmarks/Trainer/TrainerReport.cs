namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>What <c>cpt bench trainer -o json</c> prints.</summary>
internal sealed record TrainerReport
{
    public required Machine Machine { get; init; }

    public required Side Ours { get; init; }

    public required Side Peer { get; init; }

    /// <summary>Turns each side had for every figure, the warm-up not counted.</summary>
    public required int Rounds { get; init; }

    /// <summary>The lowest median ratio over all sizes.</summary>
    public required Ratios Lowest { get; init; }

    public required IReadOnlyList<SizeReport> Sizes { get; init; }

    /// <summary>Null where it was not asked for.</summary>
    public MemoryReport? Memory { get; init; }
}

/// <param name="Cpu">The processor's own name.</param>
/// <param name="Cores">Those this process may use.</param>
/// <param name="LoadBefore">One-minute load average before the run; well above <paramref name="Cores"/> means that others were computing.</param>
/// <param name="LoadAfter">The same after it.</param>
internal sealed record Machine(string Cpu, int Cores, double LoadBefore, double LoadAfter);

/// <param name="Libtorch">Its version.</param>
/// <param name="Threads">Threads of a training step; ours also rolls out with as many.</param>
/// <param name="Blas">Files of the BLAS that are mapped.</param>
/// <param name="Python">The peer's interpreter.</param>
internal sealed record Side(string Libtorch, int Threads, IReadOnlyList<string> Blas, string? Python = null);

/// <param name="Training">Ours through the peer's.</param>
/// <param name="Rollouts">Ours through the peer's.</param>
internal sealed record Ratios(double Training, double Rollouts);

/// <param name="Name"><c>small</c> or <c>medium</c>.</param>
/// <param name="Parameters">Weights of the model, the same on both sides.</param>
/// <param name="Model">Its shape in words.</param>
/// <param name="Training">Tokens a second of training steps.</param>
/// <param name="Rollouts">New tokens a second of sampling.</param>
internal sealed record SizeReport(string Name, long Parameters, string Model, Comparison Training, Comparison Rollouts);

/// <summary>Both sides' figures from turns taken one after the other.</summary>
internal sealed record Comparison
{
    /// <summary>What a turn did.</summary>
    public required string Work { get; init; }

    /// <summary>Median of ours.</summary>
    public double TokensPerSecond => Statistics.Median(Pairs.Select(pair => pair.Ours.TokensPerSecond));

    /// <summary>Median of the peer's.</summary>
    public double PeerTokensPerSecond => Statistics.Median(Pairs.Select(pair => pair.Peer.TokensPerSecond));

    /// <summary>Median of the pairs' ratios: what else the machine was doing falls on both turns of a pair.</summary>
    public double Ratio => Statistics.Median(Pairs.Select(pair => pair.Ratio));

    public double LowestRatio => Pairs.Min(pair => pair.Ratio);

    public double HighestRatio => Pairs.Max(pair => pair.Ratio);

    /// <summary>Median ratio of the processor time that equal work took, peer through ours: what other processes take away does not enter, nor how well the cores are used.</summary>
    public double CpuRatio => Statistics.Median(Pairs.Select(pair => pair.CpuRatio));

    public required IReadOnlyList<Pair> Pairs { get; init; }
}

/// <param name="Ours">Our turn.</param>
/// <param name="Peer">The peer's turn right after it.</param>
internal sealed record Pair(Turn Ours, Turn Peer)
{
    public double Ratio => Ours.TokensPerSecond / Peer.TokensPerSecond;

    public double CpuRatio => Peer.CpuSeconds / Ours.CpuSeconds;
}

/// <param name="TokensPerSecond">Of the turn's median step, by the clock on the wall.</param>
/// <param name="CpuSeconds">Used by all threads of the process in the whole turn.</param>
internal sealed record Turn(double TokensPerSecond, double CpuSeconds);

/// <summary>Resident memory of our process while it trains and, every tenth step, rolls out.</summary>
/// <param name="Size">The size it trained.</param>
/// <param name="Readings">Ten, the first after a tenth of the steps.</param>
internal sealed record MemoryReport(string Size, IReadOnlyList<Reading> Readings)
{
    /// <summary>Last reading less the first.</summary>
    public long GrowthBytes => Readings[^1].ResidentBytes - Readings[0].ResidentBytes;

    public double GrowthPercent => 100.0 * GrowthBytes / Readings[0].ResidentBytes;
}

/// <param name="Step">Steps done.</param>
/// <param name="ResidentBytes">Memory of the process that lies in RAM then.</param>
/// <param name="ManagedBytes">What of it .NET's collector has taken for objects, garbage included.</param>
/// <param name="LiveTensors">Tensors that are held; a leak would show here first.</param>
internal sealed record Reading(int Step, long ResidentBytes, long ManagedBytes, long LiveTensors);
