using System.Runtime.InteropServices;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Trainer.Stages;

/// <summary>Named tensors in a safetensors file: the optimizer's moments, bit for bit.</summary>
internal static class TensorFile
{
    public static void Write(string path, IReadOnlyDictionary<string, Tensor> tensors) =>
        SafetensorsWriter.Write(path, tensors.Select(pair => Entry(pair.Key, pair.Value)));

    /// <exception cref="ModelFormatException">The file is damaged, or holds element types that no optimizer has.</exception>
    public static Dictionary<string, Tensor> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Tensors.ToDictionary(tensor => tensor.Name, tensor => Tensor(file, tensor), StringComparer.Ordinal);
    }

    private static SafetensorsWriter.Entry Entry(string name, Tensor tensor) => tensor.dtype switch
    {
        ScalarType.Float32 => new(name, SafetensorsDType.F32, tensor.shape, stream => Copy<float>(tensor, stream)),
        ScalarType.Float64 => new(name, SafetensorsDType.F64, tensor.shape, stream => Copy<double>(tensor, stream)),
        ScalarType.Int64 => new(name, SafetensorsDType.I64, tensor.shape, stream => Copy<long>(tensor, stream)),
        ScalarType.BFloat16 => new(name, SafetensorsDType.BF16, tensor.shape, stream => Copy<BFloat16>(tensor, stream)),
        var other => throw new NotSupportedException($"optimizer state {name} has elements of type {other}"),
    };

    private static Tensor Tensor(SafetensorsFile file, SafetensorsTensor tensor)
    {
        var shape = tensor.Shape.ToArray();
        return tensor.DType switch
        {
            SafetensorsDType.F32 => torch.tensor<float>(MemoryMarshal.Cast<byte, float>(file.Bytes(tensor)), shape),
            SafetensorsDType.F64 => torch.tensor<double>(MemoryMarshal.Cast<byte, double>(file.Bytes(tensor)), shape),
            SafetensorsDType.I64 => torch.tensor<long>(MemoryMarshal.Cast<byte, long>(file.Bytes(tensor)), shape),
            SafetensorsDType.BF16 => torch.tensor<BFloat16>(MemoryMarshal.Cast<byte, BFloat16>(file.Bytes(tensor)), shape),
            _ => throw new ModelFormatException(file.Path, $"tensor '{tensor.Name}' is {tensor.Form}; optimizer state is F32, F64, I64 or BF16"),
        };
    }

    private static void Copy<T>(Tensor tensor, Stream stream)
        where T : unmanaged => stream.Write(MemoryMarshal.AsBytes(tensor.data<T>().AsSpan()));
}
