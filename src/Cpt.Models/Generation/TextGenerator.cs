using System.Runtime.ExceptionServices;
using Cpt.Torch;

namespace Cpt.Models;

/// <summary>
/// Generates responses in batches. The random number of a token hangs on (seed, row id, place in the response) alone, and on a CPU in float32
/// the bits of its logits hang on the prompt and its padding alone (<see cref="PackedWeights"/>): a row's response does not depend on the
/// other rows, on threads or on batches. Elsewhere a batch of another size may round a logit the other way. Equal requests give equal bits.
/// </summary>
public sealed class TextGenerator
{
    private readonly CausalLM _model;

    /// <param name="model">Must not be trained while it generates.</param>
    public TextGenerator(CausalLM model) => _model = model;

    /// <exception cref="ArgumentException">A prompt is empty, longer than the context, or holds an id outside the vocabulary; or an option has no meaning.</exception>
    /// <exception cref="NonFiniteLogitsException">The model's weights have diverged.</exception>
    public GenerationResult Generate(GenerationRequest request, CancellationToken cancellationToken = default)
    {
        Validate(request);
        var rows = new GeneratedRow[request.Prompts.Count];
        using var packed = _model.Pack();
        var threads = Math.Clamp(request.Threads, 1, Math.Max(rows.Length, 1));
        if (threads == 1)
        {
            Share(request, packed, rows, 0, rows.Length, cancellationToken);
        }
        else
        {
            InParallel(request, packed, rows, threads, cancellationToken);
        }

        return new GenerationResult(rows);
    }

    private void InParallel(GenerationRequest request, PackedWeights? packed, GeneratedRow[] rows, int threads, CancellationToken cancellationToken)
    {
        var failures = new Exception?[threads];
        var workers = Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            try
            {
                using var alone = torch.thread_count(1);
                Share(request, packed, rows, (int)((long)rows.Length * index / threads), (int)((long)rows.Length * (index + 1) / threads), cancellationToken);
            }
            catch (Exception exception)
            {
                failures[index] = exception;
            }
        })
        { IsBackground = true, Name = $"rollouts-{index}" }).ToList();
        workers.ForEach(worker => worker.Start());
        workers.ForEach(worker => worker.Join());
        if (Array.Find(failures, failure => failure is not null) is { } first)
        {
            ExceptionDispatchInfo.Throw(first);
        }
    }

    /// <summary>One thread's rows, a batch at a time.</summary>
    private void Share(GenerationRequest request, PackedWeights? packed, GeneratedRow[] rows, int first, int end, CancellationToken cancellationToken)
    {
        using var inference = torch.inference_mode();
        for (var at = first; at < end; at += request.BatchSize)
        {
            using var batch = new GenerationBatch(_model, packed, request, at, Math.Min(request.BatchSize, end - at));
            batch.Run(cancellationToken);
            batch.CopyTo(rows.AsSpan(at));
        }
    }

    private void Validate(GenerationRequest request)
    {
        new SamplingOptions(request.Temperature, request.TopK, request.TopP).Validate();
        ArgumentOutOfRangeException.ThrowIfLessThan(request.MaxNewTokens, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.BatchSize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.Threads, 1);
        if (request.RowIds is { } ids && ids.Count != request.Prompts.Count)
        {
            throw new ArgumentException($"rowIds has {ids.Count} entries; expected {request.Prompts.Count}, one for each prompt", nameof(request));
        }

        if (request.Images is { } images && images.Count != request.Prompts.Count)
        {
            throw new ArgumentException($"images has {images.Count} entries; expected {request.Prompts.Count}, one for each prompt", nameof(request));
        }

        for (var row = 0; row < request.Prompts.Count; row++)
        {
            var prompt = request.Prompts[row];
            if (prompt.Length == 0 || prompt.Length >= _model.Config.MaxPositionEmbeddings)
            {
                throw new ArgumentException($"prompts[{row}] has {prompt.Length} tokens; expected at least 1, and fewer than the model's context of {_model.Config.MaxPositionEmbeddings}", nameof(request));
            }

            var stranger = Array.FindIndex(prompt, id => (uint)id >= (uint)_model.Config.VocabSize);
            if (stranger >= 0)
            {
                throw new ArgumentException($"prompts[{row}][{stranger}] is {prompt[stranger]}; expected a token id below the model's vocabulary of {_model.Config.VocabSize}", nameof(request));
            }
        }
    }
}
