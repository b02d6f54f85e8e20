using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// A Qwen2.5-style decoder: RMSNorm, rotary positions, grouped-query attention, SwiGLU, optionally tied embeddings
/// (and Qwen3's q/k norms); for Qwen2.5-VL with an image tower before it. Method names follow PyTorch's. Several threads may run it at once as long as none changes its weights.
/// </summary>
public sealed partial class CausalLM : IDisposable
{
    private readonly ModelWeights _weights;
    private readonly RotaryTable _rotary;
    private readonly DecoderLayer[] _layers;
    private readonly Tensor _embedding;
    private readonly Tensor _norm;
    private readonly Tensor _head;
    private readonly VisionTower? _vision;

    private CausalLM(ModelConfig config, ModelWeights weights, CompanionFiles companions, ScalarType rotaryFrequencies = ScalarType.Float32)
    {
        Config = config;
        Companions = companions;
        _weights = weights;
        _embedding = weights.ByName["model.embed_tokens.weight"];
        _norm = weights.ByName["model.norm.weight"];
        _head = config.TieWordEmbeddings ? _embedding : weights.ByName["lm_head.weight"];
        _layers = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(index => new DecoderLayer(config, index, weights.ByName))];
        _rotary = new RotaryTable(config.HeadDim, config.RopeTheta, device, Math.Min(config.MaxPositionEmbeddings, 4096), rotaryFrequencies);
        _vision = config.Vision is null ? null : new VisionTower(config.Vision, weights.ByName, device, rotaryFrequencies);
        ByLibrary = device.type != DeviceType.CPU;
    }

    public ModelConfig Config { get; }

    /// <summary>
    /// The trained tensors, in the order of the forward pass. q, k and v (gate and up) are one tensor each, so names and shapes differ
    /// from those on disk; <see cref="NamedTensors"/> has these.
    /// </summary>
    public IReadOnlyList<NamedParameter> Parameters => _weights.Parameters;

    /// <summary>Type of the weights.</summary>
    public ScalarType dtype => _weights.DType;

    /// <summary>Where the weights are.</summary>
    public Device device => _embedding.device;

    /// <summary>
    /// Whether attention and sampling are libtorch's operators instead of our kernels, which are for the CPU. Tests set it there, to hold the one against the other.
    /// </summary>
    internal bool ByLibrary
    {
        get;
        set
        {
            field = value;
            _vision?.ByLibrary = value;
        }
    }

    /// <summary>Tokenizer and other files that are saved with the weights.</summary>
    public CompanionFiles Companions { get; set; }

    /// <summary>Next-token logits.</summary>
    /// <param name="inputIds">Int64 [B, T].</param>
    /// <param name="attentionMask">
    /// [B, T], 1 for a token and 0 for padding on the left; null where no row is padded on the left. Padding on the right needs no mask, since
    /// no earlier column sees it.
    /// </param>
    /// <param name="images">What stands at the image tokens; null where there are no images.</param>
    /// <returns>[B, T, V].</returns>
    public Tensor forward(Tensor inputIds, Tensor? attentionMask = null, ImageInput? images = null)
    {
        using var scope = torch.NewDisposeScope();
        return lm_head(hidden(inputIds, attentionMask, images)).MoveToOuterDisposeScope();
    }

    /// <summary>Hidden states after the final norm: what <see cref="lm_head"/> turns into logits.</summary>
    /// <param name="inputIds">As in <see cref="forward"/>.</param>
    /// <param name="attentionMask">As in <see cref="forward"/>.</param>
    /// <param name="images">As in <see cref="forward"/>.</param>
    /// <returns>[B, T, D].</returns>
    public Tensor hidden(Tensor inputIds, Tensor? attentionMask = null, ImageInput? images = null)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns) = (inputIds.size(0), inputIds.size(1));
        var batch = images is { Places.Count: > 0 } ? Placed(rows, columns, attentionMask, images).Batch
            : attentionMask is null ? SequenceBatch.Causal(rows, columns, _rotary)
            : SequenceBatch.Masked(attentionMask, _rotary);
        var dropout = Adapter?.NextDropout();
        return Normed(Layers(Embedded(inputIds, images, null, dropout), Prepared(batch) with { Dropout = dropout })).view(rows, columns, Config.HiddenSize).MoveToOuterDisposeScope();
    }

    /// <summary>Logits of hidden states: [..., D] → [..., V].</summary>
    public Tensor lm_head(Tensor hidden) => torch.nn.functional.linear(hidden, _head);

    /// <summary>The trained tensors under their names on disk: views, which share memory with <see cref="Parameters"/>.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedTensors() => _weights.OnDisk(parameter => parameter.Value.detach());

    /// <summary>Gradients under the names on disk; zeros for a tensor that has none.</summary>
    public IEnumerable<(string Name, Tensor Value)> NamedGradients() => _weights.OnDisk(parameter => parameter.Value.grad ?? torch.zeros_like(parameter.Value));

    public void Dispose()
    {
        Adapter?.Dispose();
        _weights.Dispose();
        _rotary.Dispose();
        _vision?.Dispose();
    }

    /// <summary>Logits of the last column, adding all columns to the cache.</summary>
    /// <param name="inputIds">Int64 [rows, t].</param>
    /// <param name="cache">Holds the columns before.</param>
    /// <param name="packed">From <see cref="Pack"/>.</param>
    /// <param name="images">Of prompts, whose columns come all at once.</param>
    /// <returns>[rows, V].</returns>
    internal Tensor NextLogits(Tensor inputIds, KeyValueCache cache, PackedWeights? packed, ImageInput? images = null)
    {
        using var scope = torch.NewDisposeScope();
        var (rows, columns) = (inputIds.size(0), inputIds.size(1));
        var batch = images is { Places.Count: > 0 } ? PlacedPrompts(cache, columns, images) : SequenceBatch.Cached(cache, columns, _rotary);
        var x = Layers(Embedded(inputIds, images, packed), Prepared(batch) with { Packed = packed });
        if (columns > 1)
        {
            x = x.view(rows, columns, Config.HiddenSize).select(1, columns - 1);
        }

        x = Normed(x);
        return (packed is null ? lm_head(x) : packed.Linear(x, _head)).MoveToOuterDisposeScope();
    }

    /// <summary>The weights as they are now, laid out for <see cref="NextLogits"/>; null where there is no kernel for them.</summary>
    internal PackedWeights? Pack() => !ByLibrary && dtype == ScalarType.Float32 && device.type == DeviceType.CPU
        ? PackedWeights.Of(Projections(), _head)
        : null;

    private SequenceBatch Prepared(SequenceBatch batch) => ByLibrary ? batch.ForLibrary(dtype) : batch;

    /// <param name="x">[B·T, D].</param>
    /// <param name="batch">Positions, padding and cache.</param>
    private Tensor Layers(Tensor x, SequenceBatch batch)
    {
        var again = GradientCheckpointing && batch.Cache is null && torch.is_grad_enabled();
        foreach (var layer in _layers)
        {
            // Before the first weight that is trained nothing is recorded, so nothing is kept.
            x = again && (x.requires_grad || layer.IsTrained) ? Again(layer, x, batch) : layer.Forward(x, batch);
        }

        return x;
    }

    private Tensor Normed(Tensor x) => torch.nn.functional.rms_norm(x, _norm, Config.RmsNormEps);
}
