namespace Cpt.Models;

/// <summary>One entry of a safetensors header.</summary>
/// <param name="Name">For example <c>model.layers.0.mlp.up_proj.weight</c>.</param>
/// <param name="DType">Element type.</param>
/// <param name="Shape">Row-major; empty for a scalar.</param>
/// <param name="Offset">First byte, counted from the end of the header.</param>
/// <param name="Length">Bytes.</param>
public sealed record SafetensorsTensor(string Name, SafetensorsDType DType, IReadOnlyList<long> Shape, long Offset, long Length)
{
    /// <summary>For messages: <c>F32[320, 64]</c>.</summary>
    public string Form => $"{DType}[{string.Join(", ", Shape)}]";
}
