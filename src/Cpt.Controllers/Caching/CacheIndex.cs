namespace Cpt.Controllers;

/// <summary>Files objects under the values that a function gives them.</summary>
/// <param name="values">Pure: of one object always the same.</param>
internal sealed class CacheIndex<T>(Func<T, IEnumerable<string>> values)
    where T : class
{
    private readonly Dictionary<string, Bucket<T>> _buckets = new(StringComparer.Ordinal);

    /// <summary>The same index with nothing in it.</summary>
    public CacheIndex<T> Empty() => new(values);

    public IReadOnlyList<T> Find(string value) => _buckets.TryGetValue(value, out var bucket) ? bucket.Share() : [];

    public void Add(T item)
    {
        foreach (var value in values(item))
        {
            Add(value, item);
        }
    }

    public void Remove(T item)
    {
        foreach (var value in values(item))
        {
            Remove(value, item);
        }
    }

    public void Replace(T before, T after)
    {
        // Most changes leave an object where it was filed.
        if (values(before) is IReadOnlyList<string> { Count: 1 } was && values(after) is IReadOnlyList<string> { Count: 1 } now && was[0] == now[0])
        {
            _buckets[was[0]].Replace(before, after);
            return;
        }

        Remove(before);
        Add(after);
    }

    private void Add(string value, T item)
    {
        if (!_buckets.TryGetValue(value, out var bucket))
        {
            _buckets[value] = bucket = new();
        }

        bucket.Add(item);
    }

    private void Remove(string value, T item)
    {
        var bucket = _buckets[value];
        bucket.Remove(item);
        if (bucket.IsEmpty)
        {
            _buckets.Remove(value);
        }
    }
}
