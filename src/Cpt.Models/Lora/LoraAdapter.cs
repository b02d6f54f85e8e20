using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// A LoRA beside a model's frozen weights. While it is attached (<see cref="CausalLM.Attach"/>) it is what is trained; <see cref="CausalLM.MergeAdapter"/> adds it to the
/// weights and leaves an ordinary model.
/// </summary>
public sealed class LoraAdapter : IDisposable
{
    private readonly IReadOnlyList<(string Matrix, LowRank Change)> _changes;
    private ulong _stepSeed;
    private long _pass;

    private LoraAdapter(ModelConfig config, LoraOptions options, IReadOnlyList<(string Matrix, LowRank Change)> changes)
    {
        Config = config;
        Options = options;
        _changes = changes;
        Parameters = [.. changes.SelectMany(change => (NamedParameter[])[change.Change.A, change.Change.B])];
    }

    public LoraOptions Options { get; }

    /// <summary>The trained tensors; several layers' may lie in one.</summary>
    public IReadOnlyList<NamedParameter> Parameters { get; }

    internal ModelConfig Config { get; }

    internal IEnumerable<(string Matrix, LowRank Change)> Changes => _changes;

    /// <summary>
    /// A new adapter that changes nothing yet: A is drawn as PEFT draws it, uniform within ±1/√in (Kaiming with a = √5), B is zero. Equal seeds give equal values on every
    /// machine.
    /// </summary>
    /// <param name="model">Whose weights stand beside it.</param>
    /// <param name="options">What is adapted.</param>
    /// <param name="seed">Of A.</param>
    /// <param name="dtype">Null: float32, whatever the weights are; updates of a small learning rate vanish in bfloat16.</param>
    /// <exception cref="AdaptationException">A target means no layer of the model.</exception>
    public static LoraAdapter Create(CausalLM model, LoraOptions options, ulong seed, ScalarType? dtype = null) =>
        Build(model, options, LoraTargets.Resolve(model.Config, options), dtype ?? ScalarType.Float32, (layer, rank, width) =>
        {
            var bound = 1 / Math.Sqrt(width);
            var stream = ModelWeights.NameHash(layer);
            var values = new float[rank * width];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (float)(((2 * CounterRandom.Uniform(seed, stream, i)) - 1) * bound);
            }

            return torch.tensor<float>(values, rank, width);
        }, (_, rows, rank) => torch.zeros([rows, rank]));

    /// <summary>Numbers in the A and B of an adapter of a model.</summary>
    /// <exception cref="AdaptationException">A target means no layer of the model.</exception>
    public static long CountParameters(ModelConfig config, LoraOptions options)
    {
        var chosen = LoraTargets.Resolve(config, options).ToHashSet(StringComparer.Ordinal);
        return WeightLayout.Of(config).Where(LoraTargets.IsLinear).Sum(layout => layout.Parts.Where(part => chosen.Contains(part.Name[..^".weight".Length])).Sum(part => options.Rank * (part.Rows + layout.Shape[1])));
    }

    /// <summary>Each layer's A [r, in] and B [out, r] under its name on disk, hub spelling: views of the trained tensors.</summary>
    public IEnumerable<(string Layer, Tensor A, Tensor B)> Layers() => _changes.SelectMany(change => change.Change.OnDisk(parameter => parameter.Value.detach()));

    /// <summary>The same of their gradients; zeros for a tensor that has none.</summary>
    public IEnumerable<(string Layer, Tensor A, Tensor B)> Gradients() =>
        _changes.SelectMany(change => change.Change.OnDisk(parameter => parameter.Value.grad ?? torch.zeros_like(parameter.Value)));

    /// <summary>Whether one of <see cref="Parameters"/> is an A, or the A of several layers; else it is a B.</summary>
    public bool IsA(int place) => place % 2 == 0;

    /// <summary>Each layer's part of an A.</summary>
    /// <param name="place">Of the A in <see cref="Parameters"/>.</param>
    /// <param name="values">In its shape.</param>
    /// <returns>Views of the values, [r, in] each.</returns>
    public IEnumerable<(string Layer, Tensor Part)> PartsOfA(int place, Tensor values)
    {
        var change = _changes[place / 2].Change;
        return change.OnDisk(parameter => ReferenceEquals(parameter, change.A) ? values : change.B.Value.detach()).Select(layer => (layer.Layer, layer.A));
    }

    /// <summary>Dropout of the passes to come is drawn from this seed and their number; a step of training calls it first.</summary>
    public void BeginStep(ulong seed) => (_stepSeed, _pass) = (seed, 0);

    public void Dispose()
    {
        foreach (var (_, change) in _changes)
        {
            change.Dispose();
        }
    }

    /// <summary>What one forward pass drops; null where nothing is: without a probability, and where nothing is learned from the pass.</summary>
    internal Dropout? NextDropout() => Options.Dropout > 0 && torch.is_grad_enabled() ? new Dropout(Options.Dropout, CounterRandom.Hash(_stepSeed, _pass++, 1)) : null;

    internal void Switch(bool on)
    {
        foreach (var (_, change) in _changes)
        {
            change.On = on;
        }
    }

    /// <summary>Builds the trained tensors of these layers.</summary>
    /// <param name="model">Whose weights stand beside them.</param>
    /// <param name="options">Rank and scaling.</param>
    /// <param name="layers">Names on disk.</param>
    /// <param name="dtype">Of the tensors.</param>
    /// <param name="a">Layer, r and in to [r, in].</param>
    /// <param name="b">Layer, out and r to [out, r].</param>
    internal static LoraAdapter Build(
        CausalLM model, LoraOptions options, IReadOnlyCollection<string> layers, ScalarType dtype, Func<string, int, int, Tensor> a, Func<string, int, int, Tensor> b)
    {
        var chosen = layers.ToHashSet(StringComparer.Ordinal);
        var changes = new List<(string, LowRank)>();
        using var scope = torch.NewDisposeScope();
        foreach (var layout in WeightLayout.Of(model.Config).Where(LoraTargets.IsLinear))
        {
            var targets = layout.Parts.Where(part => chosen.Contains(part.Name[..^".weight".Length])).ToList();
            if (targets.Count == 0)
            {
                continue;
            }

            Tensor Joined(Func<WeightLayout.Part, Tensor> make) =>
                torch.cat(targets.ConvertAll(part => make(part)).ToArray()).to(dtype).to(model.device).DetachFromDisposeScope().requires_grad_();
            string Layer(WeightLayout.Part part) => part.Name[..^".weight".Length];
            var width = (int)layout.Shape[1];
            changes.Add((layout.Name, new LowRank(
                layout, changes.Count, targets, options, Joined(part => a(Layer(part), options.Rank, width)), Joined(part => b(Layer(part), (int)part.Rows, options.Rank)))));
        }

        return new LoraAdapter(model.Config, options, changes);
    }
}
