using Cpt.Torch;
using static Cpt.Torch.torch.nn.functional;

namespace Cpt.Models;

/// <summary>
/// Keys and values of the columns a batch has passed, in memory set aside once for all columns to come. Rows are left-padded, so that all
/// write the same column at the same time.
/// </summary>
internal sealed class KeyValueCache : IDisposable
{
    /// <summary>Keys that the decoding kernel packs together; it wants heads of a multiple of this width.</summary>
    private const int Panel = 8;

    private readonly bool _packed;
    private readonly bool _byLibrary;
    private readonly Tensor[] _keys;
    private readonly Tensor[] _values;

    /// <param name="config">Layers and head sizes.</param>
    /// <param name="starts">First column of each row that holds a token.</param>
    /// <param name="columns">Prompt and response together, at most.</param>
    /// <param name="dtype">That of the weights.</param>
    /// <param name="device">That of the weights.</param>
    /// <param name="byLibrary">Attention is libtorch's, whose kernels take keys as they come.</param>
    public KeyValueCache(ModelConfig config, ReadOnlySpan<long> starts, long columns, ScalarType dtype, Device device, bool byLibrary = false)
        : this(config, starts.Length, columns, dtype, device, byLibrary, starts.ContainsAnyExcept(0) ? torch.tensor(starts, starts.Length).to(device).DetachFromDisposeScope() : null)
    {
    }

    private KeyValueCache(ModelConfig config, long rows, long columns, ScalarType dtype, Device device, bool byLibrary, Tensor? starts)
    {
        long groups = config.NumKeyValueHeads, size = config.HeadDim;
        _byLibrary = byLibrary;
        _packed = !byLibrary && dtype == ScalarType.Float32 && device.type == DeviceType.CPU && size % Panel == 0;
        _keys = new Tensor[config.NumHiddenLayers];
        _values = new Tensor[config.NumHiddenLayers];
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            var (keys, values) = _packed
                ? kv_cache(rows, groups, columns, size)
                : (torch.empty([rows, columns, groups, size], dtype, device), torch.empty([rows, columns, groups, size], dtype, device));
            (_keys[layer], _values[layer]) = (keys.DetachFromDisposeScope(), values.DetachFromDisposeScope());
        }

        Config = config;
        Rows = rows;
        Starts = starts;
    }

    public long Rows { get; private set; }

    /// <summary>Columns filled in every layer.</summary>
    public long Length { get; private set; }

    /// <summary>Int64 [rows], or null where no row is padded.</summary>
    public Tensor? Starts { get; private set; }

    /// <summary>
    /// Int64 [rows]: what a column's number exceeds its position by, where images make that more than <see cref="Starts"/>; else null.
    /// </summary>
    public Tensor? Behind { get; private set; }

    /// <summary>Whether <see cref="Attend(int, Tensor, Tensor, Tensor, long)"/> can be called.</summary>
    public bool TakesProjections => _packed;

    private ModelConfig Config { get; }

    /// <summary>Sets positions apart from columns, once the images of the prompts are known.</summary>
    /// <param name="deltas"><see cref="MultimodalPositions.Deltas"/> of the rows.</param>
    public void Shift(long[] deltas)
    {
        using var scope = torch.NewDisposeScope();
        var shift = torch.tensor<long>(deltas, Rows).to(_keys[0].device);
        Behind = (Starts is null ? shift * -1 : Starts - shift).DetachFromDisposeScope();
    }

    /// <summary>Adds new columns to a layer and lets them attend to all columns so far.</summary>
    /// <param name="layer">Number of the layer; the last one closes the columns.</param>
    /// <param name="q">[rows, t, heads, headDim].</param>
    /// <param name="k">[rows, t, groups, headDim].</param>
    /// <param name="v">As <paramref name="k"/>.</param>
    /// <param name="mask">Of <see cref="LibraryAttention.Mask"/>, where attention is libtorch's.</param>
    /// <returns>[rows, t, heads, headDim].</returns>
    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, Tensor? mask = null)
    {
        var added = k.size(1);
        var past = Advance(layer, added);
        if (_packed)
        {
            return cached_attention_(q, k, v, _keys[layer], _values[layer], past, Starts);
        }

        _keys[layer].narrow(1, past, added).copy_(k);
        _values[layer].narrow(1, past, added).copy_(v);
        var (keys, values) = (_keys[layer].narrow(1, 0, past + added), _values[layer].narrow(1, 0, past + added));
        return _byLibrary ? LibraryAttention.Forward(q, keys, values, mask) : attention(q, keys, values, Starts);
    }

    /// <summary>The same for one projection of queries, keys and values that are not turned yet.</summary>
    /// <param name="layer">As above.</param>
    /// <param name="qkv">[rows, t, heads + 2·groups, headDim].</param>
    /// <param name="cos">As <see cref="SequenceBatch.Cos"/>.</param>
    /// <param name="sin">As <see cref="SequenceBatch.Sin"/>.</param>
    /// <param name="heads">Query heads.</param>
    public Tensor Attend(int layer, Tensor qkv, Tensor cos, Tensor sin, long heads) =>
        rope_cached_attention_(qkv, cos, sin, heads, _keys[layer], _values[layer], Advance(layer, qkv.size(1)), Starts);

    /// <summary>A cache whose row i begins as a copy of this one's row <paramref name="source"/>[i]: rollouts of one prompt share its prefill.</summary>
    /// <param name="source">Rows of this cache, one for each row of the new one.</param>
    /// <param name="columns">Room of the new cache.</param>
    public KeyValueCache Expand(ReadOnlySpan<long> source, long columns)
    {
        using var scope = torch.NewDisposeScope();
        var device = _keys[0].device;
        var index = torch.tensor(source, source.Length).to(device);
        var copy = new KeyValueCache(Config, source.Length, columns, _keys[0].dtype, device, _byLibrary, Starts?.index_select(0, index).DetachFromDisposeScope())
        {
            Length = Length,
            Behind = Behind?.index_select(0, index).DetachFromDisposeScope(),
        };
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            Fill(copy._keys[layer], _keys[layer], _packed ? 2 : 1, _packed ? (Length + Panel - 1) / Panel : Length);
            Fill(copy._values[layer], _values[layer], _packed ? 2 : 1, Length);
        }

        return copy;

        // What is selected goes at once: of all layers it would be as large as every row's prompt in the new cache.
        void Fill(Tensor to, Tensor from, int dimension, long count)
        {
            using var layer = torch.NewDisposeScope();
            to.narrow(dimension, 0, count).copy_(from.narrow(dimension, 0, count).index_select(0, index));
        }
    }

    /// <summary>Drops all rows but <paramref name="rows"/>, which must rise.</summary>
    public void Keep(ReadOnlySpan<long> rows)
    {
        using var scope = torch.NewDisposeScope();
        var index = torch.tensor(rows, rows.Length).to(_keys[0].device);
        for (var layer = 0; layer < _keys.Length; layer++)
        {
            _keys[layer] = Replace(_keys[layer], index);
            _values[layer] = Replace(_values[layer], index);
        }

        Starts = Starts is null ? null : Replace(Starts, index);
        Behind = Behind is null ? null : Replace(Behind, index);
        Rows = rows.Length;
    }

    public void Dispose()
    {
        Starts?.Dispose();
        Behind?.Dispose();
        foreach (var tensor in (Tensor[])[.. _keys, .. _values])
        {
            tensor.Dispose();
        }
    }

    /// <summary>Columns there were; the last layer counts the new ones in.</summary>
    private long Advance(int layer, long added)
    {
        var past = Length;
        if (layer == _keys.Length - 1)
        {
            Length += added;
        }

        return past;
    }

    private static Tensor Replace(Tensor old, Tensor index)
    {
        var kept = old.index_select(0, index).DetachFromDisposeScope();
        old.Dispose();
        return kept;
    }
}
