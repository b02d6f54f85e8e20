using Cpt.Torch;

namespace Cpt.Models;

/// <summary>Computes what one case of a reference file holds.</summary>
internal sealed class CaseVerifier
{
    private const long Ignored = -100;
    private static readonly string[] Inputs = ["input_ids", "attention_mask", "labels", "images", "pixel_values", "image_grid_thw"];

    private readonly CausalLM _model;
    private readonly ReferenceCases _cases;
    private readonly Dictionary<string, TensorComparison> _compared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _notComputable = new(StringComparer.Ordinal);
    private readonly Tensor _ids;
    private readonly Tensor? _mask;
    private readonly ImageInput? _images;

    public CaseVerifier(CausalLM model, ReferenceCases cases)
    {
        _model = model;
        _cases = cases;
        _ids = Load("input_ids")!;
        _mask = Load("attention_mask");
        _images = ReferenceImages.Of(cases, _ids, model.Config, model.device);
    }

    public VerificationReport Run(IReadOnlyList<string> notes)
    {
        if (_cases.Has("logits"))
        {
            Add(Logits());
        }

        Images();
        Greedy();
        var labels = Load("labels");
        if (labels is not null)
        {
            LossAndGradients(labels);
            Training(labels);
        }

        // The unnamed case of a file must not speak for the named ones.
        var named = _cases.Prefix.Length == 0 ? ReferenceCases.PrefixesOf(_cases.File).Where(prefix => prefix.Length > 0).ToList() : [];
        foreach (var name in _cases.Names.Where(name => !_compared.ContainsKey(_cases.Prefix + name) && !Inputs.Contains(name) && !named.Exists(prefix => name.StartsWith(prefix, StringComparison.Ordinal))))
        {
            _notComputable.TryAdd(_cases.Prefix + name, Why(name, labels is not null));
        }

        return new VerificationReport(
            [.. _compared.Values.OrderBy(comparison => comparison.Name, StringComparer.Ordinal)],
            [.. _notComputable.OrderBy(entry => entry.Key, StringComparer.Ordinal)],
            notes);
    }

    private static string Why(string name, bool hasLabels)
    {
        var needsLabels = name == "loss" || name.StartsWith("grad", StringComparison.Ordinal) || name.StartsWith("adamw.", StringComparison.Ordinal);
        if (needsLabels && !hasLabels)
        {
            return "the reference file has no labels";
        }

        if (name == "image_features")
        {
            return "the case names no images, or the model has no vision tower";
        }

        if (name.StartsWith("adamw.", StringComparison.Ordinal))
        {
            return "the reference file has no adamw.losses, or the model has no such tensor";
        }

        return needsLabels ? "the model has no such tensor" : "not a quantity that model verify knows";
    }

    private static double[] Numbers(Tensor tensor) => Array.ConvertAll(tensor.detach().to(ScalarType.Float32).cpu().contiguous().data<float>(), value => (double)value);

    private Tensor? Load(string name)
    {
        if (name != "input_ids" && !_cases.Has(name))
        {
            return null;
        }

        var (values, rows, columns) = _cases.Ids(name);
        var ids = _ids ?? torch.tensor<long>(values, rows, columns);
        if (rows != ids.size(0) || columns != ids.size(1))
        {
            throw new ModelFormatException(_cases.File.Path, $"tensor '{_cases.Prefix}{name}' is {_cases.Find(name).Form}; expected the shape of input_ids, [{ids.size(0)}, {ids.size(1)}]");
        }

        if (name == "input_ids" && Array.Find(values, id => id < 0 || id >= _model.Config.VocabSize) is var stranger and not 0)
        {
            throw new ModelFormatException(_cases.File.Path, $"tensor '{_cases.Prefix}input_ids' holds {stranger}; expected ids below the model's vocabulary of {_model.Config.VocabSize}");
        }

        return torch.tensor<long>(values, rows, columns).to(_model.device);
    }

    private void Add(TensorComparison comparison) => _compared[comparison.Name] = comparison;

    public TensorComparison Logits()
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var seen = _mask?.data<long>();
        return _cases.Compare("logits", Numbers(_model.forward(_ids, _mask, _images)), ComparisonMeasure.Absolute, counts: i => seen is null || seen[i / _model.Config.VocabSize] != 0);
    }

    private void Greedy()
    {
        if (!_cases.Has("greedy"))
        {
            return;
        }

        var (expected, rows, columns) = _cases.Ids("greedy");
        var (rowCount, width) = (_ids.size(0), _ids.size(1));
        if (rows != rowCount || columns <= width)
        {
            throw new ModelFormatException(_cases.File.Path, $"tensor '{_cases.Prefix}greedy' is {_cases.Find("greedy").Form}; expected {rowCount} rows of more than {width} columns: the prompt and new tokens");
        }

        var ids = _ids.data<long>();
        var mask = _mask?.data<long>();
        int[] stops = [.. _model.Config.EosTokenIds.Where(id => id < _model.Config.VocabSize)];
        stops = stops.Length > 0 ? stops : [_model.Config.VocabSize - 1];
        var result = new TextGenerator(_model).Generate(new GenerationRequest
        {
            Images = PromptImages(mask, (int)width),
            Prompts = [.. Enumerable.Range(0, (int)rows).Select(row => Enumerable.Range(0, (int)width).Where(t => mask is null || mask[(row * width) + t] != 0).Select(t => (int)ids[(row * width) + t]).ToArray())],
            MaxNewTokens = (int)(columns - width),
            Temperature = 0,
            StopTokens = stops,
        });
        var found = expected.ToArray();
        for (var row = 0; row < rows; row++)
        {
            for (var t = width; t < columns; t++)
            {
                var tokens = result.Rows[row].Tokens;
                found[(row * columns) + t] = t - width < tokens.Length ? tokens[t - width] : _model.Config.PadTokenId ?? 0;
            }
        }

        Add(_cases.CompareExactly("greedy", found, counted: (int)(rows * (columns - width))));
    }

    /// <summary>Images of each row, at their columns without the row's padding; null where there are none.</summary>
    private IReadOnlyList<PromptImage>[]? PromptImages(long[]? mask, int width)
    {
        if (_images is null)
        {
            return null;
        }

        var rows = new List<PromptImage>[_ids.size(0)];
        Array.Fill(rows, []);
        var pixels = _images.PixelValues.data<float>();
        var (elements, first) = ((int)_images.PixelValues.size(1), 0);
        foreach (var (row, column, image) in _images.Places)
        {
            var grid = _images.Grids[image];
            var padding = mask is null ? 0 : mask.AsSpan(row * width, column).Count(0);
            rows[row] = [.. rows[row], new PromptImage(column - padding, ImageSource.Of(new ImagePatches(pixels[(first * elements)..((first + grid.Patches) * elements)], grid)))];
            first += grid.Patches;
        }

        return rows;
    }

    /// <summary>Positions and the tower's output.</summary>
    private void Images()
    {
        if (_model.Config.Vision is not { } vision)
        {
            return;
        }

        var positions = MultimodalPositions.Of(_ids.size(0), _ids.size(1), _mask?.ne(0).data<bool>(), _images?.Grids ?? [], _images?.Places ?? [], vision);
        if (_cases.Has("position_ids"))
        {
            Add(_cases.CompareExactly("position_ids", positions.Values));
        }

        if (_cases.Has("rope_deltas"))
        {
            Add(_cases.CompareExactly("rope_deltas", positions.Deltas));
        }

        if (_cases.Has("image_features") && _images is not null)
        {
            using var scope = torch.NewDisposeScope();
            using var none = torch.no_grad();
            Add(_cases.Compare("image_features", Numbers(_model.image_features(_images)), ComparisonMeasure.Absolute));
        }
    }

    /// <summary>Mean cross-entropy of the next token over labels that count.</summary>
    private Tensor Loss(Tensor labels)
    {
        var vocabulary = _model.Config.VocabSize;
        var columns = _ids.size(1);
        var logits = _model.forward(_ids, _mask, _images).narrow(1, 0, columns - 1).reshape(-1, vocabulary);
        return torch.nn.functional.cross_entropy(logits, labels.narrow(1, 1, columns - 1).reshape(-1), ignore_index: Ignored);
    }

    private void LossAndGradients(Tensor labels)
    {
        using var scope = torch.NewDisposeScope();
        var loss = Loss(labels);
        if (_cases.Has("loss"))
        {
            Add(_cases.Compare("loss", Numbers(loss), ComparisonMeasure.Absolute));
        }

        if (!_cases.Names.Any(name => name.StartsWith("grad", StringComparison.Ordinal)))
        {
            return;
        }

        loss.backward();
        var gradients = _model.NamedGradients().Select(gradient => (gradient.Name, Value: Numbers(gradient.Value))).ToList();
        var largest = gradients.Max(gradient => gradient.Value.Max(Math.Abs));
        foreach (var (name, value) in gradients)
        {
            if (_cases.Spelled("grad.", name) is { } gradient)
            {
                Add(_cases.Compare(gradient, value, ComparisonMeasure.Relative, largest / 100));
            }

            if (_cases.Spelled("gradnorm.", name) is { } length)
            {
                Add(_cases.Compare(length, [Math.Sqrt(value.Sum(entry => entry * entry))], ComparisonMeasure.Relative, largest / 100));
            }
        }
    }

    /// <summary>Changes the weights, so it comes last.</summary>
    private void Training(Tensor labels)
    {
        if (!_cases.Has("adamw.losses"))
        {
            return;
        }

        Tensor[] parameters = [.. _model.Parameters.Select(parameter => parameter.Value)];
        using var optimizer = new torch.optim.AdamW(parameters, lr: 1e-3, beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.01);
        var steps = _cases.Numbers("adamw.losses").Length;
        var losses = new double[steps];
        var norms = new double[steps];
        var first = new Dictionary<string, double[]>(StringComparer.Ordinal);
        for (var step = 0; step < steps; step++)
        {
            using var scope = torch.NewDisposeScope();
            optimizer.zero_grad();
            var loss = Loss(labels);
            losses[step] = Numbers(loss)[0];
            loss.backward();
            if (step == 0)
            {
                first = _model.NamedGradients().ToDictionary(gradient => gradient.Name, gradient => Numbers(gradient.Value), StringComparer.Ordinal);
            }

            norms[step] = torch.nn.utils.clip_grad_norm_(parameters, 1.0);
            optimizer.step();
        }

        Add(_cases.Compare("adamw.losses", losses, ComparisonMeasure.Absolute));
        if (_cases.Has("adamw.grad_norms"))
        {
            Add(_cases.Compare("adamw.grad_norms", norms, ComparisonMeasure.Relative));
        }

        var noise = 1e-5 * first.Values.DefaultIfEmpty([0]).Max(gradient => gradient.Max(Math.Abs));
        foreach (var (name, value) in _model.NamedTensors())
        {
            if (_cases.Spelled("adamw.final.", name) is { } final)
            {
                Add(_cases.Compare(final, Numbers(value), ComparisonMeasure.Absolute, counts: i => Math.Abs(first[name][i]) > noise || first[name][i] == 0));
            }
        }
    }
}
