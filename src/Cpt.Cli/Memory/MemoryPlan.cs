using Cpt.Contract;
using Cpt.Models;
using Cpt.Training;

namespace Cpt.Cli.Memory;

/// <summary>What a way of training takes of a GPU, and what other ways would.</summary>
internal sealed record MemoryPlan
{
    public required MemoryQuestion Question { get; init; }

    public required MemoryEstimate Estimate { get; init; }

    /// <summary>The estimate with what is kept free for the driver and for gaps between tensors.</summary>
    public required long Needed { get; init; }

    /// <summary>Null: nobody said what there is.</summary>
    public required long? Available { get; init; }

    public required IReadOnlyList<Knob> Knobs { get; init; }

    public bool? Fits => Available is { } available ? Needed <= available : null;

    public static MemoryPlan Of(MemoryQuestion question, long? available)
    {
        var estimate = MemoryEstimate.Of(question);
        var knobs = Changes(question).Select(change => new Knob(change.Name, change.Field, MemoryEstimate.Of(change.Question).Peak))
            .Select(knob => knob with { Needed = WithReserve(knob.Needed) }).Where(knob => knob.Needed < 0.97 * WithReserve(estimate.Peak)).ToList();
        return new MemoryPlan { Question = question, Estimate = estimate, Needed = WithReserve(estimate.Peak), Available = available, Knobs = knobs };
    }

    /// <summary>1 GiB for the driver, its kernels and the libraries' workspaces, and 5 % for gaps between tensors.</summary>
    private static long WithReserve(long bytes) => (1L << 30) + (long)(1.05 * bytes);

    private static IEnumerable<(string Name, string Field, MemoryQuestion Question)> Changes(MemoryQuestion asked)
    {
        var halved = asked with { Precision = Precision.BFloat16Master };
        var adapted = asked with { Lora = asked.Lora ?? new LoraOptions { Rank = 16, Alpha = 32 }, Reference = false };
        if (!asked.Checkpointing)
        {
            yield return ("gradient checkpointing", "parameters.gradientCheckpointing: \"true\"", asked with { Checkpointing = true });
        }

        if (asked.MicroBatch > 1)
        {
            yield return ("one sequence a pass", "parameters.microBatchSize: \"1\"", asked with { MicroBatch = 1, Passes = asked.Passes * asked.MicroBatch });
        }

        if (asked.Rollouts > 64)
        {
            yield return ("a quarter of the rollouts at once", "parameters.batchSize or rft.groupSize", asked with { Rollouts = asked.Rollouts / 4 });
        }

        if (!Precision.HalvesWeights(asked.Precision))
        {
            yield return ("bfloat16 weights", "parameters.precision: bfloat16-master", halved);
        }

        if (asked.Precision != Precision.BFloat16Pure && asked.Lora is null)
        {
            yield return ("bfloat16 weights and states", "parameters.precision: bfloat16-pure", asked with { Precision = Precision.BFloat16Pure });
        }

        if (!asked.Offload)
        {
            yield return ("optimizer state in the host's memory", "parameters.offloadOptimizer: \"true\"", asked with { Offload = true });
        }

        if (asked.Workers < 8)
        {
            yield return ("8 workers that share the optimizer's state", "template.processesPerNode: 8", asked with { Workers = 8 });
        }

        if (asked.Lora is null)
        {
            yield return ("a LoRA of rank 16", "lora: {rank: 16}", adapted);
            yield return ("a LoRA beside bfloat16 weights", "lora: {rank: 16} and parameters.precision: bfloat16-master", adapted with { Precision = Precision.BFloat16Master });
        }

        yield return (
            "all of it: LoRA, bfloat16 weights, checkpointing, one sequence a pass", "the fields above", adapted with
            {
                Precision = Precision.BFloat16Master, Checkpointing = true, MicroBatch = 1, Passes = asked.Passes * asked.MicroBatch,
            });
    }

    /// <param name="Name">What is changed.</param>
    /// <param name="Field">By which field of the manifest.</param>
    /// <param name="Needed">Bytes with it, and nothing else changed.</param>
    internal sealed record Knob(string Name, string Field, long Needed);
}
