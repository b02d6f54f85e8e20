using Cpt.Torch;

namespace Cpt.Models;

/// <summary>A reference file's tensors by name, and which of them were asked for.</summary>
internal sealed class ReferenceCases(SafetensorsFile file)
{
    public SafetensorsFile File { get; } = file;

    public bool Has(string name) => File.Contains(name);

    public IEnumerable<string> Names => File.Tensors.Select(tensor => tensor.Name).Order(StringComparer.Ordinal);

    /// <summary>Int64 [B, T].</summary>
    public (long[] Values, long Rows, long Columns) Ids(string name)
    {
        var tensor = File.Find(name);
        if (tensor.Shape.Count != 2 || tensor.DType is not (SafetensorsDType.I64 or SafetensorsDType.I32))
        {
            throw new ModelFormatException(File.Path, $"tensor '{name}' is {tensor.Form}; expected I64[rows, columns]");
        }

        var values = tensor.DType == SafetensorsDType.I64 ? File.Read<long>(name) : Array.ConvertAll(File.Read<int>(name), id => (long)id);
        return (values, tensor.Shape[0], tensor.Shape[1]);
    }

    public double[] Numbers(string name)
    {
        var tensor = File.Find(name);
        return tensor.DType switch
        {
            SafetensorsDType.F32 => Array.ConvertAll(File.Read<float>(name), value => (double)value),
            SafetensorsDType.F64 => File.Read<double>(name),
            SafetensorsDType.BF16 => Array.ConvertAll(File.Read<BFloat16>(name), value => (double)(float)value),
            SafetensorsDType.F16 => Array.ConvertAll(File.Read<Half>(name), value => (double)value),
            _ => throw new ModelFormatException(File.Path, $"tensor '{name}' is {tensor.Form}; expected floating-point numbers"),
        };
    }

    public TensorComparison Compare(string name, ReadOnlySpan<double> computed, ComparisonMeasure measure, double floor = 0, Func<int, bool>? counts = null)
    {
        var shape = File.Find(name).Shape;
        var reference = Numbers(name);
        if (reference.Length != computed.Length)
        {
            throw new ModelFormatException(File.Path, $"tensor '{name}' is {File.Find(name).Form}; the model gives {computed.Length} numbers: the reference belongs to another model");
        }

        var (difference, largest, leftOut) = (0.0, floor, 0);
        for (var i = 0; i < reference.Length; i++)
        {
            if (counts?.Invoke(i) == false)
            {
                leftOut++;
                continue;
            }

            // Math.Max hands NaN on, which no tolerance lets through.
            difference = Math.Max(difference, Math.Abs(computed[i] - reference[i]));
            largest = Math.Max(largest, Math.Abs(reference[i]));
        }

        return new TensorComparison(name, shape, measure, difference, difference == 0 ? 0 : difference / largest, leftOut);
    }
}
