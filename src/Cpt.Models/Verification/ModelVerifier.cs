using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Compares a model with reference values from another implementation. The reference file holds <c>input_ids</c> [B, T], optionally
/// <c>attention_mask</c> and <c>labels</c> (−100 does not count; the loss shifts by one), and any of <c>logits</c>, <c>loss</c>,
/// <c>grad.&lt;name&gt;</c>, <c>gradnorm.&lt;name&gt;</c>, <c>greedy</c> (prompt and new tokens), <c>adamw.losses</c>, <c>adamw.grad_norms</c>,
/// <c>adamw.final.&lt;name&gt;</c> (as many steps as there are losses: lr 1e-3, betas .9/.999, eps 1e-8, weight decay .01, gradients
/// clipped to length 1). Everything is computed in float32.
/// </summary>
public sealed class ModelVerifier
{
    private const long Ignored = -100;
    private const string RoundedRotary =
        "the reference was computed with rotary frequencies rounded to the checkpoint's type (as model.to(torch.bfloat16) leaves them), and so is this comparison; training and generation use float32 frequencies, as from_pretrained does";

    private readonly CausalLM _model;
    private readonly ReferenceCases _cases;
    private readonly Dictionary<string, TensorComparison> _compared = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _notComputable = new(StringComparer.Ordinal);
    private readonly Tensor _ids;
    private readonly Tensor? _mask;

    private ModelVerifier(CausalLM model, ReferenceCases cases)
    {
        _model = model;
        _cases = cases;
        _ids = Load("input_ids")!;
        _mask = Load("attention_mask");
    }

    /// <param name="modelDirectory">A Hugging Face directory.</param>
    /// <param name="referenceFile">A safetensors file.</param>
    /// <param name="device">Where the model computes; null: the CPU.</param>
    /// <exception cref="FileNotFoundException">A file is missing.</exception>
    /// <exception cref="ModelFormatException">A file is damaged, or the reference belongs to a model of another shape.</exception>
    public static VerificationReport Verify(string modelDirectory, string referenceFile, Device? device = null) => Verify(modelDirectory, referenceFile, device, byLibrary: null);

    /// <param name="byLibrary">Whether libtorch's operators compute what our kernels do on a CPU; null: as the device has it.</param>
    internal static VerificationReport Verify(string modelDirectory, string referenceFile, Device? device, bool? byLibrary)
    {
        using var file = SafetensorsFile.Open(referenceFile);
        using var scope = torch.NewDisposeScope();
        using var model = CausalLM.Load(modelDirectory, ScalarType.Float32, device);
        model.ByLibrary = byLibrary ?? model.ByLibrary;
        var verifier = new ModelVerifier(model, new ReferenceCases(file));
        if (model.Config.DType is not ("bfloat16" or "float16") || !file.Contains("logits"))
        {
            return verifier.Run([]);
        }

        // Casting a whole module rounds its frequency buffer too; references made that way differ at every position but 0.
        using var rounded = CausalLM.Load(modelDirectory, ScalarType.Float32, device, model.Config.DType == "float16" ? ScalarType.Float16 : ScalarType.BFloat16);
        rounded.ByLibrary = model.ByLibrary;
        var other = new ModelVerifier(rounded, new ReferenceCases(file));
        return other.Logits().MaxAbsolute < verifier.Logits().MaxAbsolute ? other.Run([RoundedRotary]) : verifier.Run([]);
    }

    private VerificationReport Run(IReadOnlyList<string> notes)
    {
        if (_cases.Has("logits"))
        {
            Add(Logits());
        }

        Greedy();
        var labels = Load("labels");
        if (labels is not null)
        {
            LossAndGradients(labels);
            Training(labels);
        }

        foreach (var name in _cases.Names.Where(name => !_compared.ContainsKey(name) && name is not ("input_ids" or "attention_mask" or "labels")))
        {
            _notComputable.TryAdd(name, Why(name, labels is not null));
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
            throw new ModelFormatException(_cases.File.Path, $"tensor '{name}' is {_cases.File.Find(name).Form}; expected the shape of input_ids, [{ids.size(0)}, {ids.size(1)}]");
        }

        if (name == "input_ids" && Array.Find(values, id => id < 0 || id >= _model.Config.VocabSize) is var stranger and not 0)
        {
            throw new ModelFormatException(_cases.File.Path, $"tensor 'input_ids' holds {stranger}; expected ids below the model's vocabulary of {_model.Config.VocabSize}");
        }

        return torch.tensor<long>(values, rows, columns).to(_model.device);
    }

    private void Add(TensorComparison comparison) => _compared[comparison.Name] = comparison;

    private TensorComparison Logits()
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.no_grad();
        var seen = _mask?.data<long>();
        return _cases.Compare("logits", Numbers(_model.forward(_ids, _mask)), ComparisonMeasure.Absolute, counts: i => seen is null || seen[i / _model.Config.VocabSize] != 0);
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
            throw new ModelFormatException(_cases.File.Path, $"tensor 'greedy' is {_cases.File.Find("greedy").Form}; expected {rowCount} rows of more than {width} columns: the prompt and new tokens");
        }

        var ids = _ids.data<long>();
        var mask = _mask?.data<long>();
        int[] stops = _model.Config.EosTokenIds.Count > 0 ? [.. _model.Config.EosTokenIds] : [_model.Config.VocabSize - 1];
        var result = new TextGenerator(_model).Generate(new GenerationRequest
        {
            Prompts = [.. Enumerable.Range(0, (int)rows).Select(row => Enumerable.Range(0, (int)width).Where(t => mask is null || mask[(row * width) + t] != 0).Select(t => (int)ids[(row * width) + t]).ToArray())],
            MaxNewTokens = (int)(columns - width),
            Temperature = 0,
            StopTokens = stops,
        });
        var different = 0;
        for (var row = 0; row < rows; row++)
        {
            for (var t = width; t < columns; t++)
            {
                var tokens = result.Rows[row].Tokens;
                var found = t - width < tokens.Length ? tokens[t - width] : _model.Config.PadTokenId ?? 0;
                different += found == expected[(row * columns) + t] ? 0 : 1;
            }
        }

        Add(new TensorComparison("greedy", [rows, columns], ComparisonMeasure.Exact, different, (double)different / (rows * (columns - width))));
    }

    /// <summary>Mean cross-entropy of the next token over labels that count.</summary>
    private Tensor Loss(Tensor labels)
    {
        var vocabulary = _model.Config.VocabSize;
        var columns = _ids.size(1);
        var logits = _model.forward(_ids, _mask).narrow(1, 0, columns - 1).reshape(-1, vocabulary);
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
            if (_cases.Has("grad." + name))
            {
                Add(_cases.Compare("grad." + name, value, ComparisonMeasure.Relative, largest / 100));
            }

            if (_cases.Has("gradnorm." + name))
            {
                Add(_cases.Compare("gradnorm." + name, [Math.Sqrt(value.Sum(entry => entry * entry))], ComparisonMeasure.Relative, largest / 100));
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
        foreach (var (name, value) in _model.NamedTensors().Where(tensor => _cases.Has("adamw.final." + tensor.Name)))
        {
            Add(_cases.Compare("adamw.final." + name, Numbers(value), ComparisonMeasure.Absolute, counts: i => Math.Abs(first[name][i]) > noise || first[name][i] == 0));
        }
    }
}
