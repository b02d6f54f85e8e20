namespace Cpt.Kubernetes;

/// <summary>A list, or one page of it.</summary>
public sealed record ResourceList<T>
{
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>The moment the list shows: a watch from here misses nothing and repeats nothing.</summary>
    public string ResourceVersion { get; init; } = "";

    /// <summary>Asks for the next page; null on the last one.</summary>
    public string? Continue { get; init; }

    /// <summary>How many objects are left after this page, when the server says so.</summary>
    public long? RemainingItemCount { get; init; }
}
