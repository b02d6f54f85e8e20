using System.Runtime.InteropServices;

namespace Cpt.Torch;

/// <summary>An argument or a result of an operator, laid out as the shim's <c>cpt_value</c> (16 bytes).</summary>
/// <remarks>Values convert by themselves: <c>Op.Call(tensor, 1, 0.5, true)</c>. A null tensor is the schema's <c>None</c>.</remarks>
[StructLayout(LayoutKind.Explicit, Size = 16)]
public readonly struct Argument
{
    [FieldOffset(0)] internal readonly int Tag;
    [FieldOffset(4)] internal readonly int Length;
    [FieldOffset(8)] internal readonly long Integer;
    [FieldOffset(8)] internal readonly double Real;
    [FieldOffset(8)] internal readonly nint Pointer;

    internal const int NoneTag = 0, TensorTag = 1, IntegerTag = 2, RealTag = 3, BooleanTag = 4, StringTag = 5, IntegersTag = 6, TensorsTag = 7,
        DeviceTag = 10, GeneratorTag = 11, DefaultTag = 12;

    internal Argument(int tag, long integer, int length = 0)
    {
        Tag = tag;
        Integer = integer;
        Length = length;
    }

    private Argument(double real)
    {
        Tag = RealTag;
        Real = real;
    }

    private Argument(int tag, nint pointer, int length)
    {
        Tag = tag;
        Pointer = pointer;
        Length = length;
    }

    /// <summary>The schema's <c>None</c>.</summary>
    public static Argument None => default;

    /// <summary>The schema's default for this argument.</summary>
    public static Argument Default => new(DefaultTag, 0);

    internal static unsafe Argument Integers(long* items, int count) => new(IntegersTag, (nint)items, count);

    internal static unsafe Argument Tensors(nint* items, int count) => new(TensorsTag, (nint)items, count);

    internal static unsafe Argument Utf8(byte* text, int length) => new(StringTag, (nint)text, length);

    internal static Argument From(Scalar value) => value.IsReal ? new Argument(value.Real) : new Argument(IntegerTag, value.Integer);

    internal static Argument From(ScalarType? type) => type is { } given ? new Argument(IntegerTag, (long)given) : None;

    public static implicit operator Argument(Tensor? tensor) => tensor is null ? None : new Argument(TensorTag, InFlight.Hold(tensor), 0);

    public static implicit operator Argument(long value) => new(IntegerTag, value);

    public static implicit operator Argument(int value) => new(IntegerTag, value);

    public static implicit operator Argument(double value) => new(value);

    public static implicit operator Argument(bool value) => new(BooleanTag, value ? 1 : 0);

    public static implicit operator Argument(ScalarType type) => new(IntegerTag, (long)type);

    public static implicit operator Argument(Device device) => new(DeviceTag, (long)device.type, device.index);

    public static implicit operator Argument(Scalar value) => From(value);
}
