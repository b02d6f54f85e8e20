using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Keys and values of the columns a batch has passed, in memory set aside once for all columns to come.
/// Rows are left-padded, so that all write the same column at the same time.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;

    /// <param name="config">Layers and head sizes.</param>
    /// <param name="starts">First column of each row that holds a token.</param>
    /// <param name="columns">Prompt and response together, at most.</param>
    /// <param name="dtype">That of the weights.</param>
    /// <param name="device">That of the weights.</param>
    public KeyValueCache(ModelConfig config, ReadOnlySpan<long> starts, long columns, ScalarType dtype, Device device)
        : this(
            Spaces(config, columns, dtype, device, starts.Length),
            Spaces(config, columns, dtype, device, starts.Length),
            torch.tensor(starts, starts.Length).to(device).DetachFromDisposeScope(),
            length: 0)
    {
    }

    private KeyValueCache(Tensor[] keys, Tensor[] values, Tensor starts, long length)
    {
        _keys = keys;
        _values = values;
        Starts = starts;
        Length = length;
    }

    public long Rows => Starts.size(0);

    /// <summary>Columns filled in every layer.</summary>
    public long Length { get; private set; }

    /// <summary>Int64 [rows].</summary>
    public Tensor Starts { get; private set; }

    /// <summary>Adds new columns to a layer and gives all of them.</summary>
    /// <param name="layer">Number of the layer; the last one closes the columns.</param>
    /// <param name="keys">[rows, groups, t, headDim].</param>
    /// <param name="values">As <paramref name="keys"/>.</param>
    public (Tensor Keys, Tensor Values) Append(int layer, Tensor keys, Tensor values)
    {
        var added = keys.size(2);
        _keys[layer].narrow(2, Length, added).copy_(keys);
        _values[layer].narrow(2, Length, added).copy_(values);
        var all = Length + added;
        if (layer == _keys.Length - 1)
        {
            Length = all;
        }

        return (_keys[layer].narrow(2, 0, all), _values[layer].narrow(2, 0, all));
    }

    /// <summary>A cache whose row i begins as a copy of this one's row <paramref name="source"/>[i]: rollouts of one prompt share its prefill.</summary>
    /// <param name="source">Rows of this cache, one for each row of the new one.</param>
    /// <param name="columns">Room of the new cache.</param>
    public KeyValueCache Expand(ReadOnlySpan<long> source, long columns)
    {
        using var scope = torch.NewDisposeScope();
        var index = torch.tensor(source, source.Length).to(Starts.device);
        var rows = source.Length;
        Tensor[] Copy(Tensor[] from) => Array.ConvertAll(from, old =>
        {
            var space = torch.empty([rows, old.size(1), columns, old.size(3)], old.dtype, old.device);
            space.narrow(2, 0, Length).copy_(old.narrow(2, 0, Length).index_select(0, index));
            return space.DetachFromDisposeScope();
        });
        return new KeyValueCache(Copy(_keys), Copy(_values), Starts.index_select(0, index).DetachFromDisposeScope(), Length);
    }

    /// <summary>Drops all rows but <paramref name="rows"/>, which must rise.</summary>
    public void Keep(ReadOnlySpan<long> rows)
    {
        using var scope = torch.NewDisposeScope();
        var index = torch.tensor(rows, rows.Length).to(Starts.device);
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            _keys[layer] = Replace(_keys[layer], index);
            _values[layer] = Replace(_values[layer], index);
        }

        Starts = Replace(Starts, index);
    }

    public void Dispose()
    {
        foreach (var tensor in (Tensor[])[.. _keys, .. _values, Starts])
        {
            tensor.Dispose();
        }
    }

    private static Tensor[] Spaces(ModelConfig config, long columns, ScalarType dtype, Device device, long rows) =>
        [.. Enumerable.Range(0, config.NumHiddenLayers).Select(_ => torch.empty([rows, config.NumKeyValueHeads, columns, config.HeadDim], dtype, device).DetachFromDisposeScope())];

    private static Tensor Replace(Tensor old, Tensor index)
    {
        var kept = old.index_select(0, index).DetachFromDisposeScope();
        old.Dispose();
        return kept;
    }
}
