using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>Peaks of real training steps beside what <see cref="MemoryEstimate"/> says, one way of training after the other.</summary>
internal sealed class MemoryBenchmark
{
    public static IReadOnlyList<string> Ways { get; } = ["plain", "checkpointing", "offload", "lora", "lora-checkpointing"];

    public required ModelShape Shape { get; init; }

    public required IReadOnlyList<string> Wanted { get; init; }

    public required string Precision { get; init; }

    public required Device Device { get; init; }

    public required int Threads { get; init; }

    public required TextWriter Log { get; init; }

    public TrainingMemory Run(CancellationToken cancellationToken)
    {
        var rows = new List<TrainingMemory.Row>();
        foreach (var way in Ways.Where(Wanted.Contains))
        {
            cancellationToken.ThrowIfCancellationRequested();
            rows.Add(Measure(way));
            Log.WriteLine(TrainingMemory.Line(rows[^1]));
        }

        return new TrainingMemory { Shape = Shape.Name, Device = Device.ToString(), Precision = Precision, Batch = Shape.Batch, Tokens = Shape.Tokens, Rows = rows };
    }

    private TrainingMemory.Row Measure(string way)
    {
        var cuda = Device.type == DeviceType.CUDA;
        var lora = way.StartsWith("lora", StringComparison.Ordinal);
        var memory = new MemorySpec { GradientCheckpointing = way.EndsWith("checkpointing", StringComparison.Ordinal), OffloadOptimizer = way == "offload" };
        if (cuda)
        {
            torch.cuda.empty_cache();
            torch.cuda.reset_peak_memory_stats();
        }

        if (!cuda)
        {
            HostMemory.ResetPeak();
        }

        var before = cuda ? torch.cuda.memory_allocated() : HostMemory.Allocated();
        const int steps = 3;
        using var own = new OwnModel(Shape, Device, Precision, Threads)
        {
            Lora = lora ? new LoraSpec { Rank = 16, Alpha = 32, Targets = [LoraOptions.AllLinear] } : null, Memory = memory, OnePass = true,
        };
        long peak;
        double seconds;
        using (torch.thread_count(Threads))
        {
            // The first step makes what later ones find; its peak counts as well.
            var first = own.Train(1);
            var timing = own.Train(steps - 1);
            peak = (cuda ? Math.Max(first.PeakBytes ?? 0, timing.PeakBytes ?? 0) : HostMemory.PeakAllocated()) - before;
            seconds = timing.Seconds.Min();
        }

        var estimate = MemoryEstimate.Of(new MemoryQuestion
        {
            Model = Shape.Model,
            Method = StageMethod.SFT,
            Precision = Precision,
            Lora = lora ? new LoraOptions { Rank = 16, Alpha = 32 } : null,
            MicroBatch = Shape.Batch,
            Context = Shape.Tokens,
            ResponseTokens = Shape.Tokens,
            Checkpointing = memory.GradientCheckpointing,
            Offload = memory.OffloadOptimizer && cuda,
            Gpu = cuda,
        });
        return new TrainingMemory.Row(way, peak, estimate.Training, Shape.Batch * Shape.Tokens / seconds);
    }
}
