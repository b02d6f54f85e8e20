using System.Runtime.CompilerServices;

namespace Cpt.Torch;

/// <summary>Keeps the tensors of a running call alive.</summary>
/// <remarks>
/// An <see cref="Argument"/> carries only the native handle. A tensor nobody else holds (the inner one of <c>(a + b).exp()</c>) could
/// otherwise be finalized between reading its handle and the call that uses it. The ring remembers this thread's last 64 arguments, more
/// than any operator takes; a list of tensors is one of them.
/// </remarks>
internal static class InFlight
{
    private const int Size = 64;

    [ThreadStatic] private static Ring? t_ring;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint Hold(Tensor tensor)
    {
        Remember(tensor);
        return tensor.Handle;
    }

    /// <summary>Writes the handles into memory of the caller; null becomes the schema's none.</summary>
    public static unsafe Argument Hold(ReadOnlySpan<Tensor?> tensors, nint* handles)
    {
        Remember(tensors.ToArray());
        for (var i = 0; i < tensors.Length; i++) handles[i] = tensors[i]?.Handle ?? 0;
        return Argument.Tensors(handles, tensors.Length);
    }

    private static void Remember(object held)
    {
        var ring = t_ring ??= new Ring();
        ring.Held[ring.Next] = held;
        ring.Next = (ring.Next + 1) & (Size - 1);
    }

    private sealed class Ring
    {
        public readonly object?[] Held = new object?[Size];
        public int Next;
    }
}
