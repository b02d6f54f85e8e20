using System.Runtime.InteropServices;
using Cpt.Torch;

namespace Cpt.Models;

/// <summary>The trained tensors by name: read from files, drawn from a seed, written to files.</summary>
internal sealed unsafe class ModelWeights : IDisposable
{
    private readonly IReadOnlyList<WeightLayout> _layouts;
    private readonly WeightNames _names;

    private ModelWeights(IReadOnlyList<WeightLayout> layouts, IReadOnlyList<NamedParameter> parameters, ScalarType dtype, WeightNames names)
    {
        _layouts = layouts;
        _names = names;
        Parameters = parameters;
        DType = dtype;
        ByName = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value, StringComparer.Ordinal);
    }

    public IReadOnlyList<WeightLayout> Layouts => _layouts;

    public WeightNames Names => _names;

    public IReadOnlyList<NamedParameter> Parameters { get; }

    public IReadOnlyDictionary<string, Tensor> ByName { get; }

    public ScalarType DType { get; }

    /// <summary>Which shard each tensor came from, by its name on disk; null where all came from one file, or in another type.</summary>
    public IReadOnlyDictionary<string, string>? Shards { get; private init; }

    /// <param name="config">Says which tensors there must be.</param>
    /// <param name="files">Holds them; a tensor that config does not describe is refused, since dropping it would change the model.</param>
    /// <param name="dtype">Type to compute in; null: that of the embedding matrix on disk.</param>
    /// <param name="device">Where the weights are put.</param>
    public static ModelWeights Load(ModelConfig config, WeightFiles files, ScalarType? dtype, Device device)
    {
        var layouts = WeightLayout.Of(config);
        var names = WeightNames.Of(config, files.Names);
        RefuseStrangers(config, files, layouts, names);
        var type = dtype ?? TypeOf(files.Find(names.OnDisk(WeightLayout.EmbeddingName)));
        var stored = true;
        var weights = Build(layouts, type, names, layout =>
        {
            var value = torch.empty(layout.Shape, type);
            foreach (var part in layout.Parts)
            {
                var (file, entry) = files.Find(names.OnDisk(part.Name));
                var expected = layout.ShapeOf(part);
                if (!entry.Shape.SequenceEqual(expected))
                {
                    throw new ModelFormatException(file.Path, $"tensor '{entry.Name}' has shape [{string.Join(", ", entry.Shape)}]; expected [{string.Join(", ", expected)}] by config.json");
                }

                using var source = torch.from_blob((nint)file.Address(entry), expected, TypeOf((file, entry)));
                using var rows = value.narrow(0, part.FirstRow, part.Rows);
                rows.copy_(source);
                stored &= source.dtype == type;
                // Copied, and not read again: a mapped file counts as this process's memory until it says so.
                file.Forget(entry);
            }

            if (device.type == DeviceType.CPU)
            {
                return value;
            }

            // One tensor at a time passes through the host's memory.
            using (value)
            {
                return value.to(device);
            }
        });
        return files.Files.Count == 1 || !stored ? weights : new ModelWeights(weights._layouts, weights.Parameters, type, names)
        {
            Shards = layouts.SelectMany(layout => layout.Parts).Select(part => names.OnDisk(part.Name))
                .ToDictionary(name => name, name => Path.GetFileName(files.Find(name).File.Path), StringComparer.Ordinal),
        };
    }

    /// <summary>Draws weights as transformers initialises them: normal matrices, norms of one, biases of zero.</summary>
    public static ModelWeights Create(ModelConfig config, ulong seed, ScalarType dtype, Device device) => Build(WeightLayout.Of(config), dtype, WeightNames.Hub, layout =>
    {
        if (layout.Start != WeightLayout.Initial.Normal)
        {
            return layout.Start == WeightLayout.Initial.Ones ? torch.ones(layout.Shape, dtype, device) : torch.zeros(layout.Shape, dtype, device);
        }

        var values = new float[layout.Shape.Aggregate(1L, (product, size) => product * size)];
        var filled = 0;
        foreach (var part in layout.Parts)
        {
            // Seeded by the name on disk, so that how matrices are merged in memory changes no weight.
            var stream = NameHash(part.Name);
            var count = (int)(part.Rows * (values.Length / layout.Shape[0]));
            for (var i = 0; i < count; i++)
            {
                values[filled++] = (float)(config.InitializerRange * CounterRandom.Normal(seed, stream, i));
            }
        }

        return torch.tensor<float>(values, layout.Shape).to(dtype).to(device);
    });

    /// <summary>The same distributions, drawn by the device's own random numbers.</summary>
    public static ModelWeights Draw(ModelConfig config, ulong seed, ScalarType dtype, Device device)
    {
        using var none = torch.no_grad();
        torch.manual_seed(seed);
        return Build(WeightLayout.Of(config), dtype, WeightNames.Hub, layout =>
        {
            var value = torch.empty(layout.Shape, dtype, device);
            return layout.Start switch
            {
                WeightLayout.Initial.Ones => value.fill_(1),
                WeightLayout.Initial.Zeros => value.fill_(0),
                _ => value.normal_(0, config.InitializerRange),
            };
        });
    }

    /// <summary>Every tensor under its name on disk, as a view of its rows.</summary>
    public IEnumerable<(string Name, Tensor Value)> OnDisk(Func<NamedParameter, Tensor> select)
    {
        foreach (var (layout, parameter) in _layouts.Zip(Parameters))
        {
            foreach (var part in layout.Parts)
            {
                yield return (_names.OnDisk(part.Name), select(parameter).narrow(0, part.FirstRow, part.Rows));
            }
        }
    }

    public IEnumerable<SafetensorsWriter.Entry> Entries(ScalarType dtype)
    {
        var type = dtype switch
        {
            ScalarType.Float32 => SafetensorsDType.F32,
            ScalarType.BFloat16 => SafetensorsDType.BF16,
            ScalarType.Float16 => SafetensorsDType.F16,
            ScalarType.Float64 => SafetensorsDType.F64,
            _ => throw new ArgumentOutOfRangeException(nameof(dtype), dtype, "weights are written as Float32, BFloat16, Float16 or Float64"),
        };
        foreach (var (layout, parameter) in _layouts.Zip(Parameters))
        {
            foreach (var part in layout.Parts)
            {
                yield return new SafetensorsWriter.Entry(_names.OnDisk(part.Name), type, layout.ShapeOf(part), stream => Write(stream, parameter.Value, part, dtype));
            }
        }
    }

    public void Dispose()
    {
        foreach (var parameter in Parameters)
        {
            parameter.Value.Dispose();
        }
    }

    private static ModelWeights Build(IReadOnlyList<WeightLayout> layouts, ScalarType dtype, WeightNames names, Func<WeightLayout, Tensor> make)
    {
        using var scope = torch.NewDisposeScope();
        var parameters = layouts.Select(layout => new NamedParameter(layout.Name, make(layout).requires_grad_())).ToList();
        parameters.ForEach(parameter => parameter.Value.DetachFromDisposeScope());
        return new ModelWeights(layouts, parameters, dtype, names);
    }

    private static void RefuseStrangers(ModelConfig config, WeightFiles files, IReadOnlyList<WeightLayout> layouts, WeightNames names)
    {
        var known = layouts.SelectMany(layout => layout.Parts).Select(part => names.OnDisk(part.Name)).ToHashSet(StringComparer.Ordinal);
        var stranger = files.Names.Where(name => !known.Contains(name)).Order(StringComparer.Ordinal).FirstOrDefault(name =>
            !(config.TieWordEmbeddings && name == "lm_head.weight") && !name.EndsWith(".rotary_emb.inv_freq", StringComparison.Ordinal));
        if (stranger is not null)
        {
            throw new ModelFormatException(files.Find(stranger).File.Path, $"tensor '{stranger}' is not part of the {config.ModelType} model that config.json describes ({config.NumHiddenLayers} layers, attention bias {config.AttentionBias}{(config.Vision is null ? "" : $", {config.Vision.Depth} vision blocks")})");
        }
    }

    private static ScalarType TypeOf((SafetensorsFile File, SafetensorsTensor Tensor) found) => found.Tensor.DType switch
    {
        SafetensorsDType.F32 => ScalarType.Float32,
        SafetensorsDType.BF16 => ScalarType.BFloat16,
        SafetensorsDType.F16 => ScalarType.Float16,
        SafetensorsDType.F64 => ScalarType.Float64,
        var other => throw new ModelFormatException(found.File.Path, $"tensor '{found.Tensor.Name}' is {other}; expected weights of F32, BF16, F16 or F64"),
    };

    internal static long NameHash(string name)
    {
        var hash = 0UL;
        foreach (var c in name)
        {
            hash = CounterRandom.Hash(hash, c, 0);
        }

        return (long)hash;
    }

    private static void Write(Stream stream, Tensor value, WeightLayout.Part part, ScalarType dtype)
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var bytes = value.narrow(0, part.FirstRow, part.Rows).to(dtype).cpu().contiguous();
        var remaining = bytes.numel() * dtype.ElementSize();
        for (var at = (byte*)bytes.data_ptr(); remaining > 0;)
        {
            var count = (int)Math.Min(remaining, 1 << 30);
            stream.Write(MemoryMarshal.CreateReadOnlySpan(ref *at, count));
            at += count;
            remaining -= count;
        }

        GC.KeepAlive(bytes);
    }
}
