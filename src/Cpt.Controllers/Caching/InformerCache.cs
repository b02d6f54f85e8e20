using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>
/// The objects of one kind and their indexes. One writer, the informer; readers hold the lock for a look-up, and get objects and lists that nobody changes afterwards.
/// </summary>
internal sealed class InformerCache<T> : IInformerCache<T>
    where T : class, IKubernetesObject
{
    private readonly Lock _gate = new();
    private Dictionary<ObjectKey, T> _items = [];
    private CacheIndex<T> _owners = new(OwnerOf);
    private Dictionary<string, CacheIndex<T>> _indexes;
    private Dictionary<string, IReadOnlyList<T>>? _lists;
    private volatile bool _hasSynced;

    /// <param name="indexes">By name.</param>
    public InformerCache(IReadOnlyDictionary<string, Func<T, IEnumerable<string>>> indexes) =>
        _indexes = indexes.ToDictionary(index => index.Key, index => new CacheIndex<T>(index.Value), StringComparer.Ordinal);

    public bool HasSynced => _hasSynced;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _items.Count;
            }
        }
    }

    public T? Get(string? @namespace, string name) => Get(new ObjectKey(@namespace, name));

    public T? Get(ObjectKey key)
    {
        lock (_gate)
        {
            return _items.GetValueOrDefault(key);
        }
    }

    public IReadOnlyList<T> List(string? @namespace = null)
    {
        lock (_gate)
        {
            // Made when asked for and kept until the next change: whoever lists often lists what did not change.
            _lists ??= new(StringComparer.Ordinal);
            if (!_lists.TryGetValue(@namespace ?? "", out var list))
            {
                list = @namespace is null ? [.. _items.Values] : [.. _items.Values.Where(item => item.Metadata.Namespace == @namespace)];
                _lists[@namespace ?? ""] = list;
            }

            return list;
        }
    }

    public IReadOnlyList<T> OwnedBy(string uid)
    {
        lock (_gate)
        {
            return _owners.Find(uid);
        }
    }

    public IReadOnlyList<T> ByIndex(string index, string value)
    {
        lock (_gate)
        {
            return _indexes.TryGetValue(index, out var found)
                ? found.Find(value)
                : throw new ArgumentException($"{ResourceKind.Of<T>()} has no index \"{index}\"; there are: {(_indexes.Count == 0 ? "none" : string.Join(", ", _indexes.Keys))}", nameof(index));
        }
    }

    /// <returns>What was there before.</returns>
    public T? Put(T item)
    {
        lock (_gate)
        {
            var key = ObjectKey.Of(item);
            _lists = null;
            if (_items.TryGetValue(key, out var before))
            {
                _owners.Replace(before, item);
                foreach (var index in _indexes.Values)
                {
                    index.Replace(before, item);
                }
            }
            else
            {
                _owners.Add(item);
                foreach (var index in _indexes.Values)
                {
                    index.Add(item);
                }
            }

            _items[key] = item;
            return before;
        }
    }

    /// <returns>What was there.</returns>
    public T? Remove(ObjectKey key)
    {
        lock (_gate)
        {
            if (!_items.Remove(key, out var before))
            {
                return null;
            }

            _lists = null;
            _owners.Remove(before);
            foreach (var index in _indexes.Values)
            {
                index.Remove(before);
            }

            return before;
        }
    }

    /// <summary>Puts a whole list in the place of all there was.</summary>
    /// <returns>What differs, deletions included: they happened while nobody watched.</returns>
    public List<(T? Before, T? After)> Replace(IReadOnlyList<T> list)
    {
        // Built beside the old one and swapped in at once: readers see the one or the other.
        var (items, owners) = (new Dictionary<ObjectKey, T>(list.Count), _owners.Empty());
        var indexes = _indexes.ToDictionary(index => index.Key, index => index.Value.Empty(), StringComparer.Ordinal);
        var changes = new List<(T? Before, T? After)>();
        foreach (var item in list)
        {
            var key = ObjectKey.Of(item);
            var before = _items.GetValueOrDefault(key);
            var isSame = before is not null && before.Metadata.Uid == item.Metadata.Uid && before.Metadata.ResourceVersion == item.Metadata.ResourceVersion;
            var kept = isSame ? before! : item;
            if (!isSame)
            {
                changes.Add((before, item));
            }

            items[key] = kept;
            owners.Add(kept);
            foreach (var index in indexes.Values)
            {
                index.Add(kept);
            }
        }

        foreach (var (key, before) in _items)
        {
            if (!items.ContainsKey(key))
            {
                changes.Add((before, null));
            }
        }

        lock (_gate)
        {
            (_items, _owners, _indexes, _lists) = (items, owners, indexes, null);
            _hasSynced = true;
        }

        return changes;
    }

    private static string[] OwnerOf(T item)
    {
        foreach (var owner in item.Metadata.OwnerReferences ?? [])
        {
            if (owner.Controller == true)
            {
                return [owner.Uid];
            }
        }

        return [];
    }
}
