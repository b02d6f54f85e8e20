using System.Runtime.InteropServices;
using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// PEFT's directory: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> with the tensors <c>base_model.model.LAYER.lora_A.weight</c> and
/// <c>….lora_B.weight</c>. LAYER is the layer's name in transformers' module, which for Qwen2.5-VL is the nested spelling since 4.52; both are read.
/// </summary>
public static class LoraFiles
{
    public const string ConfigName = "adapter_config.json";
    public const string WeightsName = "adapter_model.safetensors";

    private const string Prefix = "base_model.model.";

    /// <summary>Writes the directory's two files. The same adapter gives the same bytes.</summary>
    /// <param name="adapter">What is written, in the types it has.</param>
    /// <param name="directory">Made where it is missing.</param>
    /// <param name="baseModel">For <c>base_model_name_or_path</c>; null where nobody knows.</param>
    public static void Save(LoraAdapter adapter, string directory, string? baseModel = null)
    {
        Directory.CreateDirectory(directory);
        var layers = adapter.Layers().ToList();
        LoraConfigFile.Write(Path.Combine(directory, ConfigName), adapter.Options, LoraTargets.ForPeft(adapter.Config, layers.ConvertAll(layer => layer.Layer)), baseModel);
        var spelling = adapter.Config.Vision is null ? WeightNames.Hub : WeightNames.Nested;
        SafetensorsWriter.Write(Path.Combine(directory, WeightsName), layers.SelectMany(layer =>
        {
            var name = Prefix + spelling.OnDisk(layer.Layer);
            return (SafetensorsWriter.Entry[])[Entry(name + ".lora_A.weight", layer.A), Entry(name + ".lora_B.weight", layer.B)];
        }));
    }

    /// <summary>Reads an adapter for a model.</summary>
    /// <param name="model">Whose weights stand beside it.</param>
    /// <param name="directory">Of PEFT's form.</param>
    /// <param name="dtype">To train in; null: float32.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, asks for what cannot be computed here, or is of another model.</exception>
    public static LoraAdapter Load(CausalLM model, string directory, ScalarType? dtype = null)
    {
        var options = LoraConfigFile.Read(Path.Combine(directory, ConfigName));
        using var file = SafetensorsFile.Open(Path.Combine(directory, WeightsName));
        var pairs = Pairs(file, model.Config, options.Rank);
        using var scope = torch.NewDisposeScope();
        return LoraAdapter.Build(model, options with { VisionTower = pairs.Keys.Any(LoraTargets.IsVision) }, pairs.Keys, dtype ?? ScalarType.Float32,
            (layer, _, _) => Read(file, pairs[layer].A!), (layer, _, _) => Read(file, pairs[layer].B!));
    }

    /// <summary>Copies saved values into an adapter of the same shape.</summary>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">It is damaged, or of another adapter.</exception>
    public static void LoadInto(LoraAdapter adapter, string directory)
    {
        using var file = SafetensorsFile.Open(Path.Combine(directory, WeightsName));
        var pairs = Pairs(file, adapter.Config, adapter.Options.Rank);
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        foreach (var (layer, a, b) in adapter.Layers())
        {
            if (!pairs.Remove(layer, out var found))
            {
                throw new ModelFormatException(file.Path, $"holds nothing for layer '{layer}', which this adapter changes");
            }

            a.copy_(Read(file, found.A!));
            b.copy_(Read(file, found.B!));
        }

        if (pairs.Keys.FirstOrDefault() is { } stranger)
        {
            throw new ModelFormatException(file.Path, $"holds layer '{stranger}', which this adapter does not change");
        }
    }

    private static Dictionary<string, (SafetensorsTensor? A, SafetensorsTensor? B)> Pairs(SafetensorsFile file, ModelConfig config, int rank)
    {
        var shapes = WeightLayout.Of(config).Where(LoraTargets.IsLinear)
            .SelectMany(layout => layout.Parts.Select(part => (Layer: part.Name[..^".weight".Length], part.Rows, Width: layout.Shape[1])))
            .ToDictionary(part => part.Layer, part => (part.Rows, part.Width), StringComparer.Ordinal);
        var pairs = new Dictionary<string, (SafetensorsTensor? A, SafetensorsTensor? B)>(StringComparer.Ordinal);
        foreach (var tensor in file.Tensors)
        {
            var (layer, isA) = Parse(file.Path, tensor.Name);
            if (!shapes.TryGetValue(layer, out var shape))
            {
                throw new ModelFormatException(file.Path, $"tensor '{tensor.Name}' changes '{layer}', which is no linear layer of this {config.ModelType} ({config.NumHiddenLayers} layers)");
            }

            long[] expected = isA ? [rank, shape.Width] : [shape.Rows, rank];
            if (!tensor.Shape.SequenceEqual(expected))
            {
                throw new ModelFormatException(file.Path, $"tensor '{tensor.Name}' has shape [{string.Join(", ", tensor.Shape)}]; expected [{string.Join(", ", expected)}] by r of {ConfigName} and the model");
            }

            var known = pairs.GetValueOrDefault(layer);
            pairs[layer] = isA ? known with { A = tensor } : known with { B = tensor };
        }

        if (pairs.Count == 0)
        {
            throw new ModelFormatException(file.Path, "holds no tensor; expected base_model.model.….lora_A.weight and ….lora_B.weight");
        }

        return pairs.FirstOrDefault(pair => pair.Value.A is null || pair.Value.B is null) is { Key: { } half } && half.Length > 0
            ? throw new ModelFormatException(file.Path, $"layer '{half}' has only one of lora_A and lora_B")
            : pairs;
    }

    /// <summary>The layer's name, hub spelling. The adapter's name (<c>.default</c>) stands in keys of <c>state_dict()</c> and is left out by <c>save_pretrained</c>.</summary>
    private static (string Layer, bool IsA) Parse(string path, string name)
    {
        var rest = name.StartsWith(Prefix, StringComparison.Ordinal) ? name[Prefix.Length..] : name;
        foreach (var isA in (bool[])[true, false])
        {
            var mark = isA ? ".lora_A" : ".lora_B";
            var at = rest.LastIndexOf(mark, StringComparison.Ordinal);
            if (at > 0 && rest[(at + mark.Length)..] is ".weight" or ".default.weight")
            {
                // A base that was wrapped once more, or an old transformers' module of a newer class, only adds prefixes.
                return (WeightNames.ToHub(rest[..at].Replace(".base_layer", "", StringComparison.Ordinal)), isA);
            }
        }

        throw new ModelFormatException(path, rest.Contains("lora_magnitude_vector", StringComparison.Ordinal)
            ? $"tensor '{name}' is DoRA's, which is not supported; train or convert to a plain LoRA"
            : $"tensor '{name}' is no plain LoRA; expected names base_model.model.LAYER.lora_A.weight and ….lora_B.weight");
    }

    private static Tensor Read(SafetensorsFile file, SafetensorsTensor tensor)
    {
        var shape = tensor.Shape.ToArray();
        return tensor.DType switch
        {
            SafetensorsDType.F32 => torch.tensor<float>(MemoryMarshal.Cast<byte, float>(file.Bytes(tensor)), shape),
            SafetensorsDType.BF16 => torch.tensor<BFloat16>(MemoryMarshal.Cast<byte, BFloat16>(file.Bytes(tensor)), shape).to(ScalarType.Float32),
            SafetensorsDType.F16 => torch.tensor<Half>(MemoryMarshal.Cast<byte, Half>(file.Bytes(tensor)), shape).to(ScalarType.Float32),
            _ => throw new ModelFormatException(file.Path, $"tensor '{tensor.Name}' is {tensor.Form}; expected F32, BF16 or F16"),
        };
    }

    private static SafetensorsWriter.Entry Entry(string name, Tensor value) => value.dtype == ScalarType.BFloat16
        ? new(name, SafetensorsDType.BF16, value.shape, stream => stream.Write(MemoryMarshal.AsBytes(value.data<BFloat16>().AsSpan())))
        : new(name, SafetensorsDType.F32, value.shape, stream => stream.Write(MemoryMarshal.AsBytes(value.to(ScalarType.Float32).data<float>().AsSpan())));
}
