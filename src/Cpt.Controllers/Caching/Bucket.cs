namespace Cpt.Controllers;

/// <summary>
/// The objects under one value of an index. Readers get the array itself; it is copied by the first write after that, so that many writes without a reader cost no
/// copies, and many readers without a write cost none either.
/// </summary>
internal sealed class Bucket<T>
    where T : class
{
    private T[] _items = new T[1];
    private int _count;
    private bool _isLent;
    private IReadOnlyList<T>? _view;

    public bool IsEmpty => _count == 0;

    public IReadOnlyList<T> Share()
    {
        _isLent = true;
        return _view ??= new ArraySegment<T>(_items, 0, _count);
    }

    public void Add(T item)
    {
        if (_count == _items.Length)
        {
            Array.Resize(ref _items, _count * 2);
            _isLent = false;
        }

        // What readers hold ends before the new place, so an array that is lent may be added to.
        _view = null;
        _items[_count++] = item;
    }

    public void Replace(T before, T after)
    {
        MakeOwn();
        _items[IndexOf(before)] = after;
    }

    public void Remove(T item)
    {
        MakeOwn();
        var place = IndexOf(item);
        Array.Copy(_items, place + 1, _items, place, _count - place - 1);
        _items[--_count] = null!;
    }

    private void MakeOwn()
    {
        if (_isLent)
        {
            _items = (T[])_items.Clone();
        }

        (_view, _isLent) = (null, false);
    }

    // By reference: objects are records, and comparing their values would compare all they hold.
    private int IndexOf(T item)
    {
        for (var i = 0; i < _count; i++)
        {
            if (ReferenceEquals(_items[i], item))
            {
                return i;
            }
        }

        throw new InvalidOperationException("the index does not hold the object");
    }
}
