namespace Cpt.Torch;

/// <summary>A number that keeps whether it is an integer, as <c>int64 + 1</c> and <c>int64 + 1.0</c> have different element types.</summary>
public readonly struct Scalar
{
    internal readonly bool IsReal;
    internal readonly long Integer;
    internal readonly double Real;

    private Scalar(long value)
    {
        Integer = value;
        Real = value;
    }

    private Scalar(double value)
    {
        IsReal = true;
        Real = value;
    }

    internal static Scalar From(in Argument value) => value.Tag == Argument.RealTag ? new Scalar(value.Real) : new Scalar(value.Integer);

    public static implicit operator Scalar(int value) => new((long)value);

    public static implicit operator Scalar(long value) => new(value);

    public static implicit operator Scalar(double value) => new(value);

    public static implicit operator Scalar(bool value) => new(value ? 1L : 0L);

    public double ToDouble() => Real;

    public long ToInt64() => IsReal ? checked((long)Real) : Integer;

    public bool ToBoolean() => Real != 0;

    internal T To<T>()
        where T : unmanaged
    {
        object converted = typeof(T) switch
        {
            var type when type == typeof(float) => (float)Real,
            var type when type == typeof(double) => Real,
            var type when type == typeof(long) => ToInt64(),
            var type when type == typeof(int) => checked((int)ToInt64()),
            var type when type == typeof(bool) => ToBoolean(),
            _ => throw new ArgumentException($"a number becomes float, double, long, int or bool, not {typeof(T).Name}"),
        };
        return (T)converted;
    }
}
