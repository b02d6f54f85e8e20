using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Cosines and sines of rotary position embeddings (Su et al. 2021) in the half-rotation form: element i of a head turns with element
/// i + headDim/2. Angles are computed in float32 exactly as transformers does, since at long positions their rounding is visible.
/// </summary>
internal sealed class RotaryTable : IDisposable
{
    private readonly int _headDim;
    private readonly double _theta;
    private readonly Device _device;
    private readonly ScalarType _frequencies;
    private readonly Lock _growth = new();
    private volatile Rows _rows;

    /// <param name="headDim">Elements of a head.</param>
    /// <param name="theta">Base of the wavelengths.</param>
    /// <param name="device">Where the table is put.</param>
    /// <param name="rows">Positions to begin with.</param>
    /// <param name="frequencies">Type the frequencies are rounded to: float32, except to follow a reference whose whole module was cast.</param>
    public RotaryTable(int headDim, double theta, Device device, long rows, ScalarType frequencies)
    {
        _frequencies = frequencies;
        _headDim = headDim;
        _theta = theta;
        _device = device;
        _rows = Compute(Math.Max(rows, 1));
    }

    /// <summary>Cosines and sines, each float32 [at least <paramref name="rows"/>, headDim/2].</summary>
    public (Tensor Cos, Tensor Sin) AtLeast(long rows)
    {
        if (_rows.Count < rows)
        {
            lock (_growth)
            {
                if (_rows.Count < rows)
                {
                    // The old table is left to the finalizer: another thread may be reading it.
                    _rows = Compute(Math.Max(rows, 2 * _rows.Count));
                }
            }
        }

        return (_rows.Cos, _rows.Sin);
    }

    public void Dispose()
    {
        _rows.Cos.Dispose();
        _rows.Sin.Dispose();
    }

    private Rows Compute(long count)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var exponents = torch.arange(0, _headDim, 2).to(ScalarType.Float32) / _headDim;
        var frequencies = (1.0 / torch.full([_headDim / 2], _theta).pow(exponents)).to(_frequencies).to(ScalarType.Float32); // [headDim/2]
        var angles = torch.arange(count).to(ScalarType.Float32).unsqueeze(1) * frequencies; // [count, headDim/2]
        return new Rows(count, angles.cos().to(_device).contiguous().DetachFromDisposeScope(), angles.sin().to(_device).contiguous().DetachFromDisposeScope());
    }

    private sealed record Rows(long Count, Tensor Cos, Tensor Sin);
}
