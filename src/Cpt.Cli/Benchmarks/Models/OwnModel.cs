using System.Diagnostics;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Benchmarks.Models;

/// <summary>
/// Our side: forward passes as evaluation makes them, the loop a stage trains with (tokenizing, clipping and checks included), and the generator its
/// rollouts come from. Weights are random; speed does not depend on them.
/// </summary>
internal sealed class OwnModel : IDisposable
{
    private readonly ModelShape _shape;
    private readonly Device _device;
    private readonly string _precision;
    private readonly int _threads;
    private readonly CausalLM _model;
    private readonly Random _random = new(1);
    private IStageLoop? _loop;
    private ulong _rollouts;

    public OwnModel(ModelShape shape, Device device, string precision, int threads)
    {
        (_shape, _device, _precision, _threads) = (shape, device, precision, threads);
        _model = CausalLM.CreateOn(device, shape.Model, seed: 1, Precision.HalvesWeights(precision) ? ScalarType.BFloat16 : ScalarType.Float32);
    }

    /// <summary>Trains an adapter; null: the weights.</summary>
    public LoraSpec? Lora { get; init; }

    /// <summary>What is given for less memory.</summary>
    public MemorySpec Memory { get; init; } = new();

    /// <summary>A training step is one pass, however many tokens it has.</summary>
    public bool OnePass { get; init; }

    public long Parameters => _model.Config.ParameterCount;

    /// <summary>Logits of every token of a batch.</summary>
    public Timing Forward(int count) => Timed(count, (long)_shape.Batch * _shape.Tokens, () =>
    {
        using var scope = torch.NewDisposeScope();
        using var none = torch.inference_mode();
        using var autocast = _precision == Precision.BFloat16 ? torch.autocast(_device.type) : null;
        var ids = Array.ConvertAll(new long[_shape.Batch * _shape.Tokens], _ => (long)_random.Next(_shape.Model.VocabSize));
        _model.forward(torch.tensor<long>(ids, _shape.Batch, _shape.Tokens).to(_device));
    });

    /// <summary>Steps of SFT.</summary>
    public Timing Train(int count)
    {
        _loop ??= StageLoops.Create(new StageContext { Policy = _model, Tokenizer = Bytes(), Task = Letters(), Training = Training(), Memory = Memory });
        return Timed(count, (long)_shape.Batch * _shape.Tokens, () => _loop.RunStep(CancellationToken.None));
    }

    /// <summary>Batches of sampled responses, each row with a prompt of its own.</summary>
    public Timing Decode(int count) => Timed(count, (long)_shape.Rows * _shape.NewTokens, () =>
    {
        var result = new TextGenerator(_model).Generate(new GenerationRequest
        {
            Prompts = [.. Enumerable.Range(0, _shape.Rows).Select(_ => Enumerable.Range(0, _shape.PromptTokens).Select(_ => _random.Next(_shape.Model.VocabSize)).ToArray())],
            MaxNewTokens = _shape.NewTokens,
            Seed = _rollouts++,
            Threads = _device.type == DeviceType.CPU ? _threads : 1,
        });
        Debug.Assert(result.TokenCount == (long)_shape.Rows * _shape.NewTokens, "no stop token was given, so every row runs to its end");
    });

    public void Dispose()
    {
        _loop?.Dispose();
        foreach (var parameter in _model.Parameters)
        {
            parameter.Value.grad = null;
        }

        _model.Dispose();
        if (_device.type == DeviceType.CUDA)
        {
            // The peer wants the same memory.
            GC.Collect();
            GC.WaitForPendingFinalizers();
            torch.cuda.empty_cache();
        }
    }

    private Timing Timed(int count, long tokens, Action work)
    {
        var cuda = _device.type == DeviceType.CUDA;
        if (cuda)
        {
            torch.cuda.reset_peak_memory_stats();
        }

        var seconds = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            if (cuda)
            {
                torch.cuda.synchronize();
            }

            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return new Timing(tokens, seconds, cuda ? torch.cuda.max_memory_allocated() : null, cuda ? torch.cuda.max_memory_reserved() : null);
    }

    private static Tokenizer Bytes()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-bench-").FullName;
        try
        {
            ByteTokenizer.Files().WriteTo(directory);
            return Tokenizer.Load(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>One token of prompt, and an answer that with its end token makes as many targets as the peer has.</summary>
    private TaskData Letters()
    {
        string Draw(int count) => string.Create(count, _random, (span, random) =>
        {
            foreach (ref var letter in span)
            {
                letter = (char)random.Next('a', 'z' + 1);
            }
        });
        Sample[] samples =
        [
            .. Enumerable.Range(0, 16 * _shape.Batch).Select(i => new Sample { Id = $"s{i}", Messages = [new TaskMessage("user", Draw(1))], Answer = Draw(_shape.Tokens - 1) }),
        ];
        return new TaskData { Definition = new TaskDefinition { Name = "letters", Scorer = "ExactMatch" }, Train = samples, Eval = samples, Digest = new string('0', 64) };
    }

    private TrainingSpec Training() => new()
    {
        Method = StageMethod.SFT,
        Task = new TaskInput { Name = "letters", Uri = "generated://letters" },
        Optimization = new OptimizationSpec
        {
            LearningRate = 1e-5, BatchSize = _shape.Batch, Steps = 1_000_000, MaxSequenceTokens = _shape.Tokens + 1, MaxGradientNorm = 1, Precision = _precision, MicroBatchSize = OnePass ? _shape.Batch : 0,
        },
        Lora = Lora,
        Seed = 1,
    };
}
