using System.Globalization;
using System.Text.Json.Nodes;
using Cpt.Cli.Benchmarks.Trainer;
using Cpt.Contract;
using Cpt.Torch;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>
/// Forward, training and decoding speed of models, with and without images, beside PyTorch in one run. On a CPU both sides take turns, since other programs disturb them; on a GPU, which
/// nobody else has, one side works after the other, so that each has all of its memory.
/// </summary>
internal sealed record ModelsBenchmark
{
    public static readonly IReadOnlyList<string> Kinds = ["forward", "decoding", "training"];

    public required IReadOnlyList<ModelShape> Shapes { get; init; }

    public required IReadOnlyList<string> Precisions { get; init; }

    public required IReadOnlyList<string> Work { get; init; }

    public required Device Device { get; init; }

    /// <summary>Measured repetitions of each work; a GPU does them one after the other, a CPU in turns with the peer.</summary>
    public required int Rounds { get; init; }

    public required int Threads { get; init; }

    /// <summary>Null: no peer.</summary>
    public required string? Python { get; init; }

    public required TextWriter Log { get; init; }

    public ModelsReport Run(CancellationToken cancellationToken)
    {
        TorchRuntime.EnsureLoaded();
        torch.set_num_threads(Threads);
        using var peer = Python is null ? null : PeerProcess.Start(Python, TorchRuntime.BlasInUse, Threads, PeerProcess.ModelsScript);
        var facts = peer?.Ask("facts", new JsonObject { ["device"] = Device.type == DeviceType.CUDA ? "cuda" : "cpu", ["threads"] = Threads });
        var shapes = new List<ShapeReport>();
        foreach (var shape in Shapes)
        {
            foreach (var precision in Precisions)
            {
                shapes.Add(Device.type == DeviceType.CPU ? InTurns(shape, precision, peer, cancellationToken) : OneAfterTheOther(shape, precision, peer, cancellationToken));
            }
        }

        return new ModelsReport
        {
            Cpu = MachineFacts.Processor(),
            Device = Device.ToString(),
            Gpu = (string?)facts?["gpu"],
            Libtorch = TorchRuntime.Version,
            Peer = (string?)facts?["version"],
            Threads = Threads,
            Shapes = shapes,
        };
    }

    private ShapeReport InTurns(ModelShape shape, string precision, PeerProcess? peer, CancellationToken cancellationToken)
    {
        using var ours = new OwnModel(shape, Device, precision, Threads);
        if (peer is not null)
        {
            Load(peer, shape, precision);
        }

        var works = Work.Select(kind =>
        {
            var (own, others) = (new List<Timing>(), new List<Timing>());
            Own(ours, kind, 1);
            if (peer is not null)
            {
                Other(peer, shape, kind, 1);
            }

            for (var round = 0; round < Rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                own.Add(Own(ours, kind, 1));
                if (peer is not null)
                {
                    others.Add(Other(peer, shape, kind, 1));
                }
            }

            return Logged(shape, precision, new WorkReport { Name = kind, Ours = Together(own), Peer = peer is null ? null : Together(others) });
        }).ToList();
        peer?.Ask("unload", []);
        return new ShapeReport { Shape = shape.Name, Precision = precision, Parameters = ours.Parameters, Work = works };
    }

    private ShapeReport OneAfterTheOther(ModelShape shape, string precision, PeerProcess? peer, CancellationToken cancellationToken)
    {
        var works = Work.ToDictionary(kind => kind, kind => new WorkReport { Name = kind }, StringComparer.Ordinal);
        try
        {
            using var ours = new OwnModel(shape, Device, precision, Threads);
            foreach (var kind in Work)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    Own(ours, kind, kind == "training" ? 2 : 1);
                    works[kind] = Logged(shape, precision, works[kind] with { Ours = Own(ours, kind, Rounds) });
                }
                catch (Exception failed) when (failed is TorchException or StageFailureException)
                {
                    works[kind] = Logged(shape, precision, works[kind] with { Failure = failed.Message });
                }
            }
        }
        catch (TorchException failed)
        {
            Log.WriteLine($"{shape.Name}, {precision}: {failed.Message}");
            Work.Where(kind => works[kind].Ours is null).ToList().ForEach(kind => works[kind] = works[kind] with { Failure = failed.Message });
        }

        if (peer is not null && Load(peer, shape, precision) is var loaded)
        {
            foreach (var kind in Work)
            {
                cancellationToken.ThrowIfCancellationRequested();
                try
                {
                    if (loaded is not null)
                    {
                        throw new CliException(ExitCodes.Internal, loaded);
                    }

                    Other(peer, shape, kind, kind == "training" ? 2 : 1);
                    works[kind] = Logged(shape, precision, works[kind] with { Peer = Other(peer, shape, kind, Rounds) });
                }
                catch (CliException failed)
                {
                    works[kind] = Logged(shape, precision, works[kind] with { PeerFailure = failed.Message });
                }
            }

            peer.Ask("unload", []);
        }

        return new ShapeReport { Shape = shape.Name, Precision = precision, Parameters = shape.Model.ParameterCount, Work = [.. Work.Select(kind => works[kind])] };
    }

    private static Timing Own(OwnModel model, string kind, int count) => kind switch
    {
        "forward" => model.Forward(count),
        "training" => model.Train(count),
        _ => model.Decode(count),
    };

    /// <returns>What went wrong, or null.</returns>
    private string? Load(PeerProcess peer, ModelShape shape, string precision)
    {
        var answer = peer.Ask("load", new JsonObject
        {
            ["config"] = JsonNode.Parse(shape.Model.ToJson("float32")),
            ["precision"] = precision,
            ["seed"] = 1,
        });
        if ((string?)answer["error"] is { } error)
        {
            return error;
        }

        return (long)answer["parameters"]! == shape.Model.ParameterCount
            ? null
            : throw new InvalidOperationException($"the peer's model has {answer["parameters"]} weights and ours {shape.Model.ParameterCount}; they must be the same model");
    }

    /// <exception cref="CliException">The peer could not do it.</exception>
    private static Timing Other(PeerProcess peer, ModelShape shape, string kind, int count)
    {
        var answer = peer.Ask(kind, new JsonObject
        {
            ["batch"] = shape.Batch, ["tokens"] = shape.Tokens, ["rows"] = shape.Rows, ["prompt"] = shape.PromptTokens, ["new"] = shape.NewTokens, ["image"] = shape.ImagePatches, ["learned"] = shape.LearnedTokens, ["count"] = count,
        });
        if ((string?)answer["error"] is { } error)
        {
            throw new CliException(ExitCodes.Internal, error);
        }

        return new Timing((long)answer["of"]!, [.. answer["seconds"]!.AsArray().Select(second => (double)second!)], (long?)answer["peak_bytes"], (long?)answer["peak_reserved_bytes"]);
    }

    private static Timing Together(List<Timing> turns) => new(turns[0].Tokens, [.. turns.SelectMany(turn => turn.Seconds)]);

    private WorkReport Logged(ModelShape shape, string precision, WorkReport work)
    {
        string Side(Timing? timing, string? failure) => timing is null ? failure ?? "-" : string.Create(CultureInfo.InvariantCulture, $"{timing.TokensPerSecond:F0} tokens/s{Peak(timing)}");
        Log.WriteLine($"{shape.Name}, {precision}, {work.Name}: ours {Side(work.Ours, work.Failure)}, peer {Side(work.Peer, work.PeerFailure)}" +
            (work.Ratio is { } ratio ? string.Create(CultureInfo.InvariantCulture, $", ratio {ratio:F2}") : ""));
        Log.Flush();
        return work;
    }

    private static string Peak(Timing timing) => timing.PeakBytes is > 0 and var bytes ? string.Create(CultureInfo.InvariantCulture, $" at {bytes / (double)(1L << 30):F1} GiB") : "";
}
