namespace Cpt.Torch;

/// <summary>The upper half of a float's bits: its range, with 8 bits of precision.</summary>
public readonly record struct BFloat16(ushort Bits)
{
    /// <summary>Rounds to the nearest, ties to even, as libtorch does; a NaN stays one.</summary>
    public static explicit operator BFloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        if (float.IsNaN(value)) return new BFloat16((ushort)((bits >> 16) | 0x40));
        return new BFloat16((ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16));
    }

    public static implicit operator float(BFloat16 value) => BitConverter.UInt32BitsToSingle((uint)value.Bits << 16);

    public override string ToString() => ((float)this).ToString(System.Globalization.CultureInfo.InvariantCulture);
}
