namespace Cpt.Models;

/// <summary>The element types a safetensors header may name, in the order the reference writer sorts by (widest first).</summary>
public enum SafetensorsDType
{
    U64,
    I64,
    F64,
    F32,
    U32,
    I32,
    BF16,
    F16,
    U16,
    I16,
    F8_E4M3,
    F8_E5M2,
    I8,
    U8,
    BOOL,
}

public static class SafetensorsDTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Size(this SafetensorsDType dtype) => dtype switch
    {
        SafetensorsDType.U64 or SafetensorsDType.I64 or SafetensorsDType.F64 => 8,
        SafetensorsDType.F32 or SafetensorsDType.U32 or SafetensorsDType.I32 => 4,
        SafetensorsDType.BF16 or SafetensorsDType.F16 or SafetensorsDType.U16 or SafetensorsDType.I16 => 2,
        _ => 1,
    };

    internal static string Known => string.Join(", ", Enum.GetNames<SafetensorsDType>());
}
