using Cpt.Contract;
using Cpt.Models;

namespace Cpt.Training;

/// <summary>Bytes of memory that training takes, by what they hold. The formulas are explained in docs/models.md, and held to measured peaks by tests.</summary>
public sealed record MemoryEstimate
{
    /// <summary>All weights, frozen or not.</summary>
    public required long Weights { get; init; }

    /// <summary>A LoRA's A and B.</summary>
    public required long Adapter { get; init; }

    /// <summary>Of the KL term's own model.</summary>
    public required long Reference { get; init; }

    public required long Gradients { get; init; }

    /// <summary>Moments and master weights on the device.</summary>
    public required long OptimizerState { get; init; }

    /// <summary>The same where they are in the host's memory.</summary>
    public required long HostState { get; init; }

    /// <summary>What the decoder's and the tower's layers keep of one micro-batch for its backward pass.</summary>
    public required long Activations { get; init; }

    /// <summary>The output head's logits and their gradients.</summary>
    public required long Logits { get; init; }

    /// <summary>What the last backward pass of a layer, or the update of a matrix, has beside all gradients.</summary>
    public required long Working { get; init; }

    /// <summary>Keys and values of all rollouts at full length.</summary>
    public required long KeyValueCache { get; init; }

    /// <summary>Logits of one token of every rollout, and the layer at work; on the CPU also the matrices laid out for decoding.</summary>
    public required long Decoding { get; init; }

    private long Standing => Weights + Adapter + Reference + OptimizerState;

    /// <summary>
    /// The most that a step has beside what stands. A backward pass begins with all activations and no gradient but the head's, and ends with all gradients and no activations but one layer's; where
    /// several passes add up, the later ones begin with all gradients.
    /// </summary>
    public required long Step { get; init; }

    /// <summary>During a training step.</summary>
    public long Training => Standing + Step;

    /// <summary>While rollouts are sampled.</summary>
    public long Sampling => KeyValueCache == 0 ? 0 : Standing + KeyValueCache + Decoding;

    /// <summary>The larger of the two.</summary>
    public long Peak => Math.Max(Training, Sampling);

    public static MemoryEstimate Of(MemoryQuestion question)
    {
        var model = question.Model;
        var sizes = Sizes.Of(question);
        var (all, largest) = WeightCounts(model);
        var adapter = question.Lora is { } lora ? LoraAdapter.CountParameters(model, lora) : 0;
        var trained = question.Lora is null ? all : adapter;
        long tokens = (long)question.MicroBatch * question.Context, learned = (long)question.MicroBatch * question.ResponseTokens;

        var state = trained * sizes.State / Math.Max(1, question.Workers);
        var layer = LayerElements(question) * sizes.Element;
        var kept = question.Checkpointing ? (long)model.HiddenSize * sizes.Element : layer;
        var image = question.Images > 0 && model.Vision is { } vision ? VisionElements(question, vision) : default;
        var images = (long)question.MicroBatch * question.Images;

        // At the widest place of a layer's backward pass: what the layer keeps, gradients of gate and up, of their product, and of the residual.
        var widest = tokens * ((((3L * model.IntermediateSize) + (2L * model.HiddenSize)) * sizes.Element) + layer);
        var update = Precision.HalvesWeights(question.Precision) && question.Precision != Precision.BFloat16Pure && question.Lora is null ? 4 * largest : 0;
        var visiting = question.Offload ? largest * sizes.State : 0;
        var casts = question.Precision == Precision.BFloat16 ? 2 * all : 0;
        var gradients = trained * sizes.Trained;
        var activations = (tokens * ((model.NumHiddenLayers * kept) + (3L * model.HiddenSize * sizes.Element))) + (images * image.Kept) + casts;
        var logits = learned * (((long)model.VocabSize * sizes.Logit) + (2L * model.HiddenSize * sizes.Element));
        var working = Math.Max(Math.Max(widest, images * image.Working), Math.Max(update, visiting));
        var head = question.Lora is null ? (long)model.VocabSize * model.HiddenSize * sizes.Trained : 0;

        // The logits are gone when the last layer's backward pass is at its widest place.
        var begin = activations + Math.Max(logits, widest - (question.Checkpointing ? 0 : tokens * layer)) + (question.Passes > 1 ? gradients : head);
        return new MemoryEstimate
        {
            Weights = all * sizes.Weight,
            Adapter = adapter * sizes.Trained,
            Reference = question.Reference ? all * sizes.Weight : 0,
            Gradients = gradients,
            OptimizerState = question.Offload ? 0 : state,
            HostState = question.Offload ? state : 0,
            Activations = activations,
            Logits = logits,
            Working = working,
            Step = Math.Max(begin, gradients + working),
            KeyValueCache = question.Rollouts * (long)question.Context * model.NumHiddenLayers * 2 * model.KeyValueSize * sizes.Element,
            Decoding = question.Rollouts == 0 ? 0 : (question.Rollouts * (((long)model.VocabSize * (sizes.Element + 4)) + (8L * (model.HiddenSize + model.IntermediateSize) * sizes.Element)))
                + (question is { Gpu: false, Precision: Precision.Float32 } ? 4 * (all - ((long)model.VocabSize * model.HiddenSize * (model.TieWordEmbeddings ? 0 : 1))) : 0),
        };
    }

    /// <summary>Numbers that one decoder layer keeps of a token for the backward pass.</summary>
    private static long LayerElements(MemoryQuestion question)
    {
        var model = question.Model;
        long d = model.HiddenSize, q = model.QuerySize, kv = model.KeyValueSize, f = model.IntermediateSize;

        // x, norm(x), x + attention, norm of it; qkv and what of it was turned; attention's result; gate and up, their product.
        var kept = (4 * d) + (q + (2 * kv)) + (q + kv) + q + (3 * f) + model.NumAttentionHeads + 2;
        if (model.QueryKeyNorm)
        {
            kept += 2 * (q + kv);
        }

        // A frozen matrix does not keep its input, unless its change does. Attention keeps its result for itself.
        if (question.Lora is { } options)
        {
            bool Keeps(params ReadOnlySpan<string> ends)
            {
                foreach (var end in ends)
                {
                    if (options.Targets.Any(target => target == LoraOptions.AllLinear || target.EndsWith(end, StringComparison.Ordinal))) return true;
                }

                return false;
            }

            kept -= (Keeps("q_proj", "k_proj", "v_proj") ? 0 : d) + (Keeps("gate_proj", "up_proj") ? 0 : d) + (Keeps("down_proj") ? 0 : f);
        }

        // libtorch's silu(gate) is a tensor of its own; our kernel computes it again.
        return kept + (question.Gpu ? f : 0) + (question.Lora is { } lora ? 2L * lora.Rank * 7 : 0);
    }

    private static (long Kept, long Working) VisionElements(MemoryQuestion question, VisionConfig vision)
    {
        // A tower that is frozen is computed and forgotten, block by block.
        var element = Sizes.Of(question).Element;
        long patches = (long)question.ImageTokens * vision.MergeUnit, d = vision.HiddenSize, f = vision.IntermediateSize;
        var block = patches * ((4 * d) + (3 * d) + (4 * d) + ((question.Gpu ? 4 : 3) * f)) * element;
        var trained = question.Lora is null || question.Lora.VisionTower;
        var kept = !trained ? 0 : question.Checkpointing ? vision.Depth * patches * d * element : vision.Depth * block;
        return (kept + (question.ImageTokens * (long)vision.OutHiddenSize * element), block);
    }

    private static (long All, long Largest) WeightCounts(ModelConfig model) => (model.ParameterCount, Math.Max(
        (long)model.VocabSize * model.HiddenSize, 2L * model.IntermediateSize * model.HiddenSize));

    /// <summary>Bytes of one number.</summary>
    /// <param name="Weight">Of a weight.</param>
    /// <param name="Trained">Of what is trained, and of its gradient.</param>
    /// <param name="State">Moments and master weight of what is trained.</param>
    /// <param name="Element">Of an activation.</param>
    /// <param name="Logit">Of a logit with its copies and its gradients.</param>
    private readonly record struct Sizes(int Weight, int Trained, int State, int Element, int Logit)
    {
        public static Sizes Of(MemoryQuestion question)
        {
            var lora = question.Lora is not null;

            // In float32 logits and their gradient, on a GPU also the log-softmax and its own; below it the half-precision logits and their gradient, and what was measured beside them.
            var half = question.Gpu ? 18 : 12;
            return question.Precision switch
            {
                Precision.BFloat16 => new(4, 4, 8, 2, half),
                Precision.BFloat16Master => new(2, lora ? 4 : 2, lora ? 8 : 12, 2, half),
                Precision.BFloat16Pure => new(2, 2, 4, 2, half),
                _ => new(4, 4, 8, 4, question.Gpu ? 16 : 8),
            };
        }
    }
}
