namespace Cpt.Models;

public sealed partial class CausalLM
{
    /// <summary>The LoRA that is trained instead of the weights; null where there is none.</summary>
    public LoraAdapter? Adapter { get; private set; }

    /// <summary>What an optimizer changes: the adapter where one is attached, else the weights that are not frozen.</summary>
    public IReadOnlyList<NamedParameter> TrainedParameters => Adapter?.Parameters ?? [.. Parameters.Where(parameter => !_frozen.Contains(parameter.Name))];

    /// <summary>Freezes the weights and trains the adapter instead. It belongs to the model from now on.</summary>
    public void Attach(LoraAdapter adapter)
    {
        if (Adapter is not null)
        {
            throw new InvalidOperationException("the model has an adapter already; merge it first");
        }

        if (adapter.Config != Config)
        {
            throw new InvalidOperationException("the adapter was made for another model");
        }

        var projections = Projections().ToDictionary(projection => projection.Name, StringComparer.Ordinal);
        foreach (var (matrix, change) in adapter.Changes)
        {
            projections[matrix].Change = change;
        }

        foreach (var parameter in Parameters)
        {
            parameter.Value.requires_grad = false;
        }

        Adapter = adapter;
    }

    /// <summary>Adds the adapter to the weights, matrix by matrix, and lets go of it.</summary>
    public void MergeAdapter()
    {
        var adapter = Adapter ?? throw new InvalidOperationException("the model has no adapter to merge");
        foreach (var projection in Projections().Where(projection => projection.Change is not null))
        {
            projection.Change!.MergeInto(projection.Weight);
            projection.Change = null;
        }

        Adapter = null;
        adapter.Dispose();
    }

    /// <summary>The model without its adapter until the result is disposed: the reference that a KL term holds the policy to, without a second copy of the weights.</summary>
    public IDisposable WithoutAdapter()
    {
        Adapter?.Switch(on: false);
        return new AdapterBack(Adapter);
    }

    private IEnumerable<Projection> Projections() => [.. _layers.SelectMany(layer => layer.Projections), .. _vision?.Projections ?? []];

    private sealed class AdapterBack(LoraAdapter? adapter) : IDisposable
    {
        public void Dispose() => adapter?.Switch(on: true);
    }
}
