using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>How one kind is watched; gathered from everything that names the kind.</summary>
internal sealed class InformerDeclaration<T>
    where T : class, IKubernetesObject
{
    private bool _selected;

    public string? LabelSelector { get; private set; }

    public Func<T, T>? Transform { get; private set; }

    public Dictionary<string, Func<T, IEnumerable<string>>> Indexes { get; } = new(StringComparer.Ordinal);

    /// <exception cref="InvalidOperationException">Another declaration chose otherwise.</exception>
    public void Select(string? labelSelector)
    {
        if (_selected && LabelSelector != labelSelector)
        {
            throw new InvalidOperationException(
                $"{ResourceKind.Of<T>()}: a kind is watched once, and it is declared with the label selectors \"{LabelSelector}\" and \"{labelSelector}\"; give all declarations the same");
        }

        (_selected, LabelSelector) = (true, labelSelector);
    }

    /// <exception cref="InvalidOperationException">There is one of this name.</exception>
    public void Index(string name, Func<T, IEnumerable<string>> values)
    {
        if (!Indexes.TryAdd(name, values))
        {
            throw new InvalidOperationException($"{ResourceKind.Of<T>()} has an index \"{name}\" already");
        }
    }

    /// <exception cref="InvalidOperationException">There is one.</exception>
    public void TransformBy(Func<T, T> transform) =>
        Transform = Transform is null ? transform : throw new InvalidOperationException($"{ResourceKind.Of<T>()} has a transform already");
}
