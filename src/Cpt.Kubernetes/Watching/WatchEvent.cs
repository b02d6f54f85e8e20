namespace Cpt.Kubernetes;

public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened up to here: only <c>metadata.resourceVersion</c> of the object is set.</summary>
    Bookmark,
}

/// <summary>One change.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Object">As it is after the change; of a deleted object, its last state.</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T Object);
