using System.Diagnostics.CodeAnalysis;

namespace Cpt.Controllers;

/// <summary>So many values and no more: the one that was not asked for the longest makes room.</summary>
internal sealed class RecentlyUsed<TKey, TValue>(int capacity)
    where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _places = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _order = new();

    public IEnumerable<TValue> Values => _order.Select(entry => entry.Value);

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        if (!_places.TryGetValue(key, out var place))
        {
            value = default;
            return false;
        }

        _order.Remove(place);
        _order.AddLast(place);
        value = place.Value.Value;
        return true;
    }

    public void Remove(TKey key)
    {
        if (_places.Remove(key, out var place))
        {
            _order.Remove(place);
        }
    }

    public void Put(TKey key, TValue value)
    {
        if (_places.Remove(key, out var before))
        {
            _order.Remove(before);
        }
        else if (_places.Count == capacity)
        {
            _places.Remove(_order.First!.Value.Key);
            _order.RemoveFirst();
        }

        _places[key] = _order.AddLast((key, value));
    }
}
