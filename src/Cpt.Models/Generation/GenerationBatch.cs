using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Rows that generate together on one thread: every prompt is read once, its rollouts share the result, and finished rows are dropped as soon as
/// that is worth moving the cache for. The one host read of a step are the logits that the sampler looks at.
/// </summary>
internal sealed unsafe class GenerationBatch : IDisposable
{
    private readonly CausalLM _model;
    private readonly PackedWeights? _packed;
    private readonly GenerationRequest _request;
    private readonly TokenSampler _sampler;
    private readonly DeviceSampler? _deviceSampler;
    private readonly HashSet<int> _stops;
    private readonly int _first;
    private readonly Response[] _responses;

    /// <summary>Which response each row of the cache belongs to; finished ones among them are waiting to be dropped.</summary>
    private readonly List<int> _places;
    private int _unfinished;
    private KeyValueCache? _cache;

    public GenerationBatch(CausalLM model, PackedWeights? packed, GenerationRequest request, int first, int count)
    {
        _model = model;
        _packed = packed;
        _request = request;
        _first = first;
        _stops = [.. request.StopTokens];
        var options = new SamplingOptions(request.Temperature, request.TopK, request.TopP);
        _sampler = new TokenSampler(options, model.Config.VocabSize);
        // The most likely tokens have to be sorted for top-p, which the host does for the few that need it.
        _deviceSampler = model.ByLibrary && request.TopP == 1 ? new DeviceSampler(options, model.Config.VocabSize, model.device) : null;
        _responses = new Response[count];
        for (var row = 0; row < count; row++)
        {
            var room = model.Config.MaxPositionEmbeddings - request.Prompts[first + row].Length;
            _responses[row] = new Response(request.RowIds?[first + row] ?? first + row, Math.Min(request.MaxNewTokens, room));
        }

        _places = [.. Enumerable.Range(0, count)];
        _unfinished = count;
    }

    public void Run(CancellationToken cancellationToken)
    {
        using var scope = torch.NewDisposeScope();
        Sample(ReadPrompts());
        while (_unfinished > 0)
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var step = torch.NewDisposeScope();
            DropFinished();
            var ids = torch.tensor<long>(_places.ConvertAll(row => (long)_responses[row].Last).ToArray(), _places.Count, 1).upload(_model.device);
            Sample(_model.NextLogits(ids, _cache!, _packed));
        }
    }

    public void CopyTo(Span<GeneratedRow> rows)
    {
        for (var row = 0; row < _responses.Length; row++)
        {
            rows[row] = _responses[row].ToRow();
        }
    }

    public void Dispose()
    {
        _cache?.Dispose();
        _deviceSampler?.Dispose();
    }

    /// <summary>Reads each different prompt once and hands its cache to the rows that have it.</summary>
    /// <returns>Logits of the first response token, [rows, V].</returns>
    private Tensor ReadPrompts()
    {
        var prompts = new List<int[]>();
        var images = new List<IReadOnlyList<PromptImage>>();
        var sources = new long[_responses.Length];
        var known = new Dictionary<string, int>(StringComparer.Ordinal);
        var numbers = new Dictionary<ImageSource, int>(ReferenceEqualityComparer.Instance);
        int NumberOf(ImageSource image)
        {
            numbers.TryAdd(image, numbers.Count);
            return numbers[image];
        }

        for (var row = 0; row < sources.Length; row++)
        {
            var prompt = _request.Prompts[_first + row];
            var pictures = _request.Images?[_first + row] ?? [];
            var key = string.Join(',', prompt) + string.Concat(pictures.Select(picture => $"|{picture.Column}:{NumberOf(picture.Image)}"));
            if (!known.TryGetValue(key, out var index))
            {
                known.Add(key, index = prompts.Count);
                prompts.Add(prompt);
                images.Add(pictures);
            }

            sources[row] = index;
        }

        var columns = prompts.Max(prompt => prompt.Length);
        var ids = new long[prompts.Count * columns];
        var starts = new long[prompts.Count];
        for (var i = 0; i < prompts.Count; i++)
        {
            starts[i] = columns - prompts[i].Length;
            for (var t = 0; t < prompts[i].Length; t++)
            {
                ids[(i * columns) + starts[i] + t] = prompts[i][t];
            }
        }

        // The last token of a response is never read by the model, so it needs no column.
        var room = columns + _responses.Max(response => response.Capacity) - 1;
        var prefill = new KeyValueCache(_model.Config, starts, prompts.Count == sources.Length ? room : columns, _model.dtype, _model.device, _model.ByLibrary);
        var logits = _model.NextLogits(torch.tensor<long>(ids, prompts.Count, columns).upload(_model.device), prefill, _packed, ImageInput.Of(images, starts, _model.Config, _model.device));
        if (prompts.Count == sources.Length)
        {
            _cache = prefill;
            return logits;
        }

        using (prefill)
        {
            _cache = prefill.Expand(sources, room);
        }

        return logits.index_select(0, torch.tensor(sources).upload(_model.device));
    }

    /// <summary>Chooses the next token of every row that is not finished.</summary>
    /// <param name="logits">[places, V].</param>
    private void Sample(Tensor logits)
    {
        if (_deviceSampler is not null)
        {
            SampleOnDevice(_deviceSampler, logits);
            return;
        }

        var host = logits.to(ScalarType.Float32).cpu().contiguous();
        var at = (float*)host.data_ptr();
        for (var i = 0; i < _places.Count; i++, at += _model.Config.VocabSize)
        {
            var response = _responses[_places[i]];
            if (response.Finished)
            {
                continue;
            }

            var uniform = _sampler.IsGreedy ? 0 : CounterRandom.Uniform(_request.Seed, response.Id, response.Count);
            var (token, logProbability) = Choose(new ReadOnlySpan<float>(at, _model.Config.VocabSize), uniform, _places[i]);
            response.Add(token, logProbability, _stops.Contains(token));
            _unfinished -= response.Finished ? 1 : 0;
        }

        GC.KeepAlive(host);
    }

    /// <summary>The same by <see cref="DeviceSampler"/>: what comes to the host is a token and its log-probability for each row, not its logits.</summary>
    private void SampleOnDevice(DeviceSampler sampler, Tensor logits)
    {
        var uniforms = new double[_places.Count];
        for (var i = 0; i < uniforms.Length; i++)
        {
            var response = _responses[_places[i]];
            uniforms[i] = _sampler.IsGreedy ? 0 : CounterRandom.Uniform(_request.Seed, response.Id, response.Count);
        }

        var (tokens, logProbabilities) = sampler.Choose(logits, uniforms);
        for (var i = 0; i < _places.Count; i++)
        {
            var response = _responses[_places[i]];
            if (response.Finished)
            {
                continue;
            }

            if (float.IsNaN(logProbabilities[i]))
            {
                throw NonFinite(_places[i], new NonFiniteLogitsException());
            }

            response.Add(tokens[i], logProbabilities[i], _stops.Contains(tokens[i]));
            _unfinished -= response.Finished ? 1 : 0;
        }
    }

    /// <summary>Moving the cache costs about as much as a few steps of the rows it saves, so it waits until a quarter of them is finished.</summary>
    private void DropFinished()
    {
        if (_unfinished * 4 > _places.Count * 3)
        {
            return;
        }

        long[] kept = [.. Enumerable.Range(0, _places.Count).Where(i => !_responses[_places[i]].Finished).Select(i => (long)i)];
        _cache!.Keep(kept);
        _places.RemoveAll(row => _responses[row].Finished);
    }

    private (int Token, float LogProbability) Choose(ReadOnlySpan<float> logits, double uniform, int row)
    {
        try
        {
            return _sampler.Choose(logits, uniform);
        }
        catch (NonFiniteLogitsException exception)
        {
            throw NonFinite(row, exception);
        }
    }

    private NonFiniteLogitsException NonFinite(int row, Exception cause) =>
        new($"row {_first + row}, response token {_responses[row].Count}: the model's logits are not finite; its weights have diverged", cause);

    /// <summary>One row's response as it grows.</summary>
    private sealed class Response(long id, int capacity)
    {
        private readonly List<int> _tokens = new(Math.Min(capacity, 64));
        private readonly List<float> _logProbabilities = new(Math.Min(capacity, 64));
        private bool _stopped;

        public long Id { get; } = id;

        public int Capacity { get; } = capacity;

        public int Count => _tokens.Count;

        public int Last => _tokens[^1];

        public bool Finished => _stopped || _tokens.Count == Capacity;

        public void Add(int token, float logProbability, bool stop)
        {
            _tokens.Add(token);
            _logProbabilities.Add(logProbability);
            _stopped = stop;
        }

        public GeneratedRow ToRow() => new([.. _tokens], [.. _logProbabilities], _stopped);
    }
}
