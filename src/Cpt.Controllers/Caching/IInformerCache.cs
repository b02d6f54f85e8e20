using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// The objects of one kind as a watch has them: never older than the last reconcile saw, a moment behind the server. Objects are shared; nobody changes them. A relist
/// replaces the whole at once: no reader ever sees half a list.
/// </summary>
public interface IInformerCache<T>
    where T : class, IKubernetesObject
{
    /// <summary>Null when there is none.</summary>
    T? Get(string? @namespace, string name);

    /// <param name="namespace">Null: all.</param>
    IReadOnlyList<T> List(string? @namespace = null);

    /// <summary>Those whose controlling owner has this uid.</summary>
    IReadOnlyList<T> OwnedBy(string uid);

    /// <summary>Those that an index (see <c>WithIndex</c>) files under a value.</summary>
    IReadOnlyList<T> ByIndex(string index, string value);

    /// <summary>Whether the first list has arrived.</summary>
    bool HasSynced { get; }
}
