using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>A deterministic lifetime: what is made while it is the thread's innermost scope is freed at its end, unless moved out.</summary>
/// <remarks>
/// The garbage collector sees a tensor as a few bytes and would let gigabytes wait. A scope around every training step, and one around every
/// layer where memory is tight, keeps the process flat. Scopes belong to a thread: open and close one on the same thread, inner before outer.
/// </remarks>
public sealed class DisposeScope : IDisposable
{
    [ThreadStatic] private static DisposeScope? t_current;

    private readonly DisposeScope? _outer;
    private readonly List<Tensor> _tensors = new(64);
    private bool _disposed;

    internal DisposeScope()
    {
        _outer = t_current;
        t_current = this;
    }

    internal static DisposeScope? Current => t_current;

    /// <summary>How many tensors it would free now.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var tensor in _tensors)
            {
                if (tensor.Scope == this && !tensor.IsInvalid) count++;
            }

            return count;
        }
    }

    /// <summary>The tensor belongs to this scope from now on.</summary>
    public Tensor Attach(Tensor tensor)
    {
        if (tensor.Scope == this) return tensor;
        tensor.Scope = this;
        _tensors.Add(tensor);
        return tensor;
    }

    /// <summary>The tensor belongs to the next scope out, or to nobody where there is none.</summary>
    public Tensor MoveToOuter(Tensor tensor)
    {
        tensor.Scope = null;
        return _outer is null ? tensor : _outer.Attach(tensor);
    }

    /// <summary>The tensor belongs to nobody: its owner disposes it, or the finalizer does at some time.</summary>
    public static Tensor Detach(Tensor tensor)
    {
        tensor.Scope = null;
        return tensor;
    }

    /// <exception cref="InvalidOperationException">An inner scope is still open, or this is another thread.</exception>
    public unsafe void Dispose()
    {
        if (_disposed) return;
        if (t_current != this) throw new InvalidOperationException("a DisposeScope ends on the thread that opened it, after the scopes inside it");
        _disposed = true;
        t_current = _outer;

        const int batch = 256;
        var handles = stackalloc nint[batch];
        var count = 0;
        foreach (var tensor in CollectionsMarshal.AsSpan(_tensors))
        {
            if (tensor.Scope != this) continue;
            var handle = tensor.Surrender();
            if (handle == 0) continue;
            handles[count++] = handle;
            if (count < batch) continue;
            Native.cpt_tensor_free_many(handles, count);
            count = 0;
        }

        Native.cpt_tensor_free_many(handles, count);
        _tensors.Clear();
    }
}
