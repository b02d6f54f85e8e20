using System.Runtime.CompilerServices;

namespace Cpt.Torch;

/// <summary>A tensor of libtorch. Methods are called as in PyTorch and TorchSharp; a name that ends in <c>_</c> changes the tensor itself.</summary>
/// <remarks>
/// <para>A tensor made inside a <see cref="torch.NewDisposeScope"/> is freed with it; outside, by <see cref="Dispose"/> or the finalizer.</para>
/// <para>Views (<see cref="view"/>, <see cref="transpose"/>, <see cref="slice"/> …) share memory with their source, which may be disposed first.</para>
/// </remarks>
public sealed partial class Tensor : IDisposable
{
    private nint _handle;

    internal Tensor(nint handle)
    {
        _handle = handle;
        DisposeScope.Current?.Attach(this);
    }

    ~Tensor() => Native.cpt_tensor_free(_handle);

    internal DisposeScope? Scope { get; set; }

    /// <summary>The native tensor; valid as long as this object is not disposed.</summary>
    internal nint Handle
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _handle != 0 ? _handle : throw Gone();
    }

    /// <summary>Whether it was disposed, by itself or with its scope.</summary>
    public bool IsInvalid => _handle == 0;

    /// <summary>Tensors handed to C# and not freed yet, in the whole process.</summary>
    public static long LiveCount => Native.cpt_tensor_live();

    public void Dispose()
    {
        var handle = Surrender();
        if (handle != 0) Native.cpt_tensor_free(handle);
    }

    /// <summary>Gives the handle to the caller, who frees it; 0 where there is none any more.</summary>
    internal nint Surrender()
    {
        var handle = _handle;
        if (handle == 0) return 0;
        _handle = 0;
        GC.SuppressFinalize(this);
        return handle;
    }

    /// <summary>Another object for the same tensor, with its own lifetime.</summary>
    public Tensor alias()
    {
        var shared = new Tensor(Native.cpt_tensor_share(Handle));
        GC.KeepAlive(this);
        return shared;
    }

    /// <summary>The tensor survives its scope and belongs to the next one out, or to nobody where there is none.</summary>
    public Tensor MoveToOuterDisposeScope() => Scope?.MoveToOuter(this) ?? this;

    /// <summary>The tensor survives all scopes; who holds it disposes it.</summary>
    public Tensor DetachFromDisposeScope() => DisposeScope.Detach(this);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static ObjectDisposedException Gone() =>
        new(nameof(Tensor), "the tensor was freed, by Dispose or with its DisposeScope; MoveToOuterDisposeScope keeps one that is needed longer");

    /// <summary>Type, shape and, where they are few, the values.</summary>
    public override string ToString()
    {
        if (IsInvalid) return "freed tensor";
        var header = $"{dtype}[{string.Join(", ", shape)}]";
        return numel() <= 16 ? $"{header} {{{string.Join(", ", to(ScalarType.Float64).data<double>())}}}" : header;
    }
}
