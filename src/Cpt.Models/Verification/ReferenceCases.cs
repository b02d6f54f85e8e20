using Cpt.Torch;

namespace Cpt.Models;

/// <summary>One case of a reference file: its tensors by name.</summary>
/// <param name="file">Holds one case under plain names (<c>input_ids</c>, …), or several under names of their own (<c>batch.input_ids</c>, …).</param>
/// <param name="prefix">Empty, or the case's name and a dot.</param>
internal sealed class ReferenceCases(SafetensorsFile file, string prefix = "")
{
    private const string IdsName = "input_ids";

    public SafetensorsFile File { get; } = file;

    public string Prefix { get; } = prefix;

    /// <summary>Prefixes of all cases in a file; one empty one where it has no named cases.</summary>
    public static IReadOnlyList<string> PrefixesOf(SafetensorsFile file)
    {
        var named = file.Tensors.Select(tensor => tensor.Name).Where(name => name.EndsWith("." + IdsName, StringComparison.Ordinal)).Select(name => name[..^IdsName.Length]).Order(StringComparer.Ordinal).ToList();
        return file.Contains(IdsName) || named.Count == 0 ? ["", .. named] : named;
    }

    public bool Has(string name) => File.Contains(Prefix + name);

    /// <summary>Names of this case without its prefix.</summary>
    public IEnumerable<string> Names => File.Tensors.Select(tensor => tensor.Name).Where(name => name.StartsWith(Prefix, StringComparison.Ordinal))
        .Select(name => name[Prefix.Length..]).Order(StringComparer.Ordinal);

    /// <summary>A weight's quantity under whichever spelling of the weight the file has; null where it has none.</summary>
    /// <param name="kind">For example <c>grad.</c></param>
    /// <param name="weight">Name on disk.</param>
    public string? Spelled(string kind, string weight)
    {
        var hub = WeightNames.ToHub(weight);
        return Array.Find([kind + weight, kind + hub, kind + WeightNames.Nested.OnDisk(hub)], Has);
    }

    public SafetensorsTensor Find(string name) => File.Find(Prefix + name);

    /// <summary>Int64 [B, T].</summary>
    public (long[] Values, long Rows, long Columns) Ids(string name)
    {
        var tensor = Find(name);
        if (tensor.Shape.Count != 2 || tensor.DType is not (SafetensorsDType.I64 or SafetensorsDType.I32))
        {
            throw new ModelFormatException(File.Path, $"tensor '{tensor.Name}' is {tensor.Form}; expected I64[rows, columns]");
        }

        return (Whole(name), tensor.Shape[0], tensor.Shape[1]);
    }

    /// <summary>Whole numbers of any shape.</summary>
    public long[] Whole(string name)
    {
        var tensor = Find(name);
        return tensor.DType switch
        {
            SafetensorsDType.I64 => File.Read<long>(tensor.Name),
            SafetensorsDType.I32 => Array.ConvertAll(File.Read<int>(tensor.Name), id => (long)id),
            _ => throw new ModelFormatException(File.Path, $"tensor '{tensor.Name}' is {tensor.Form}; expected whole numbers"),
        };
    }

    public double[] Numbers(string name)
    {
        var tensor = Find(name);
        return tensor.DType switch
        {
            SafetensorsDType.F32 => Array.ConvertAll(File.Read<float>(tensor.Name), value => (double)value),
            SafetensorsDType.F64 => File.Read<double>(tensor.Name),
            SafetensorsDType.BF16 => Array.ConvertAll(File.Read<BFloat16>(tensor.Name), value => (double)(float)value),
            SafetensorsDType.F16 => Array.ConvertAll(File.Read<Half>(tensor.Name), value => (double)value),
            _ => throw new ModelFormatException(File.Path, $"tensor '{tensor.Name}' is {tensor.Form}; expected floating-point numbers"),
        };
    }

    public TensorComparison Compare(string name, ReadOnlySpan<double> computed, ComparisonMeasure measure, double floor = 0, Func<int, bool>? counts = null)
    {
        var tensor = Find(name);
        var reference = Numbers(name);
        if (reference.Length != computed.Length)
        {
            throw new ModelFormatException(File.Path, $"tensor '{tensor.Name}' is {tensor.Form}; the model gives {computed.Length} numbers: the reference belongs to another model");
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

        return new TensorComparison(tensor.Name, tensor.Shape, measure, difference, difference == 0 ? 0 : difference / largest, leftOut) { Tolerance = Tolerances.Of(name) };
    }

    /// <summary>Token ids, positions: the number of different ones.</summary>
    public TensorComparison CompareExactly(string name, ReadOnlySpan<long> computed, int counted = int.MaxValue)
    {
        var tensor = Find(name);
        var reference = Whole(name);
        if (reference.Length != computed.Length)
        {
            throw new ModelFormatException(File.Path, $"tensor '{tensor.Name}' is {tensor.Form}; the model gives {computed.Length} numbers: the reference belongs to another model");
        }

        var different = 0;
        for (var i = 0; i < reference.Length; i++)
        {
            different += reference[i] == computed[i] ? 0 : 1;
        }

        return new TensorComparison(tensor.Name, tensor.Shape, ComparisonMeasure.Exact, different, (double)different / Math.Max(1, Math.Min(counted, reference.Length)));
    }
}
