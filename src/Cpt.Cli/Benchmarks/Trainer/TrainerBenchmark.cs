using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Torch;

namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>Our trainer and the peer in turns within one run: ours, peer, ours, peer. Only ratios of neighbouring turns are compared.</summary>
internal sealed class TrainerBenchmark
{
    public required IReadOnlyList<BenchSize> Sizes { get; init; }

    public required int Rounds { get; init; }

    /// <summary>0: memory is not looked at.</summary>
    public required int MemorySteps { get; init; }

    public required int Threads { get; init; }

    public required string Python { get; init; }

    public required TextWriter Log { get; init; }

    /// <exception cref="CliException">The peer cannot run.</exception>
    public TrainerReport Run(CancellationToken cancellationToken)
    {
        TorchRuntime.EnsureLoaded();
        var load = MachineFacts.Load();
        using var peer = PeerProcess.Start(Python, TorchRuntime.BlasInUse, Threads);

        // Before all else, so that a missing PyTorch is told at once.
        var facts = Loaded(peer, Sizes[0]);
        var memory = MemorySteps > 0 ? WatchMemory(Sizes[0], cancellationToken) : null;
        var sizes = Sizes.Select(size => Measure(size, peer, cancellationToken)).ToArray();
        return new TrainerReport
        {
            Machine = new Machine(MachineFacts.Processor(), Environment.ProcessorCount, load, MachineFacts.Load()),
            Ours = new Side(TorchRuntime.Version, Threads, TorchRuntime.BlasInUse),
            Peer = new Side(
                (string)facts["version"]!, (int)facts["threads"]!, [.. facts["blas"]!.AsArray().Select(file => (string)file!)], Python),
            Rounds = Rounds,
            Lowest = new Ratios(sizes.Min(size => size.Training.Ratio), sizes.Min(size => size.Rollouts.Ratio)),
            Sizes = sizes,
            Memory = memory,
        };
    }

    private SizeReport Measure(BenchSize size, PeerProcess peer, CancellationToken cancellationToken)
    {
        using var ours = new OwnTrainer(size, Threads);
        var parameters = (long)Loaded(peer, size)["parameters"]!;
        if (parameters != ours.Parameters)
        {
            throw new InvalidOperationException($"the peer's model has {parameters} weights and ours {ours.Parameters}; they must be the same model");
        }

        var training = Compare(
            $"{size.Name}: training", size.StepsPerRound, ours.Train, count => Speed(peer, "train", new() { ["batch"] = size.Batch, ["tokens"] = size.Tokens, ["steps"] = count }), cancellationToken);
        var rollouts = Compare(
            $"{size.Name}: rollouts", size.RolloutsPerRound, ours.Rollout,
            count => Speed(peer, "rollout", new() { ["rows"] = size.Rows, ["prompt"] = size.PromptTokens, ["new"] = size.NewTokens, ["rounds"] = count }), cancellationToken);
        return new SizeReport(
            size.Name, parameters,
            $"hidden {size.HiddenSize}, layers {size.Layers}, heads {size.Heads} ({size.KeyValueHeads} key/value), feed-forward {size.IntermediateSize}, vocabulary {size.Vocabulary}",
            new Comparison { Work = $"{size.Batch} sequences of {size.Tokens} tokens: forward, backward, clipping, AdamW", Pairs = training },
            new Comparison { Work = $"{size.Rows} rows, {size.NewTokens} new tokens behind {size.PromptTokens} of prompt", Pairs = rollouts });
    }

    private List<Pair> Compare(string what, int count, Func<int, Turn> ours, Func<int, Turn> peer, CancellationToken cancellationToken)
    {
        // Warm-up: code is compiled, allocators fill.
        ours(2);
        peer(2);
        var pairs = new List<Pair>();
        for (var round = 1; round <= Rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var pair = new Pair(ours(count), peer(count));
            pairs.Add(pair);
            Log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what}, round {round} of {Rounds}: {pair.Ours.TokensPerSecond:F0} tokens/s, peer {pair.Peer.TokensPerSecond:F0}, ratio {pair.Ratio:F2} (processor time {pair.CpuRatio:F2})"));
        }

        return pairs;
    }

    private MemoryReport WatchMemory(BenchSize size, CancellationToken cancellationToken)
    {
        using var ours = new OwnTrainer(size, Threads);
        var readings = new List<Reading>();
        for (var step = 1; step <= MemorySteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            ours.Train(1);
            if (step % 10 == 0)
            {
                ours.Rollout(1);
            }

            if (step == MemorySteps || (step % Math.Max(1, MemorySteps / 10) == 0 && readings.Count < 9))
            {
                readings.Add(new Reading(step, MachineFacts.ResidentBytes(), GC.GetGCMemoryInfo().TotalCommittedBytes, Tensor.LiveCount));
                Log.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{size.Name}: memory after step {step} of {MemorySteps}: {readings[^1].ResidentBytes / 1048576.0:F1} MiB, of which .NET objects {readings[^1].ManagedBytes / 1048576.0:F1}, {readings[^1].LiveTensors} tensors"));
            }
        }

        return new MemoryReport(size.Name, readings);
    }

    private JsonObject Loaded(PeerProcess peer, BenchSize size) => peer.Ask("load", new JsonObject
    {
        ["config"] = new JsonObject
        {
            ["hidden_size"] = size.HiddenSize,
            ["num_hidden_layers"] = size.Layers,
            ["num_attention_heads"] = size.Heads,
            ["num_key_value_heads"] = size.KeyValueHeads,
            ["intermediate_size"] = size.IntermediateSize,
            ["vocab_size"] = size.Vocabulary,
            ["rms_norm_eps"] = size.Model.RmsNormEps,
            ["rope_theta"] = size.Model.RopeTheta,
        },
        ["threads"] = Threads,
        ["seed"] = 1,
    });

    private static Turn Speed(PeerProcess peer, string operation, JsonObject arguments)
    {
        var answer = peer.Ask(operation, arguments);
        return new Turn((double)answer["tokens_per_second"]!, (double)answer["cpu_seconds"]!);
    }
}
