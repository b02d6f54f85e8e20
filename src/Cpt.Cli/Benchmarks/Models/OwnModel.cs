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
    private readonly ImageSource[]? _pictures;
    private ulong _rollouts;
    private string? _folder;

    public OwnModel(ModelShape shape, Device device, string precision, int threads)
    {
        (_shape, _device, _precision, _threads) = (shape, device, precision, threads);
        _model = CausalLM.CreateOn(device, shape.Model, seed: 1, Precision.HalvesWeights(precision) ? ScalarType.BFloat16 : ScalarType.Float32);
        _pictures = Pictures();
        if (_pictures is not null)
        {
            _model.Companions = PretrainingPresets.Companions(shape.Model);
        }
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
        long[] ids = [.. Enumerable.Range(0, _shape.Batch).SelectMany(_ => Row(_shape.Tokens)).Select(id => (long)id)];
        var images = ImageInput.Of([.. Enumerable.Range(0, _shape.Batch).Select(Images)], null, _shape.Model, _device);
        _model.forward(torch.tensor<long>(ids, _shape.Batch, _shape.Tokens).to(_device), null, images);
    });

    /// <summary>Steps of SFT.</summary>
    public Timing Train(int count)
    {
        _loop ??= StageLoops.Create(new StageContext { Policy = _model, Tokenizer = _pictures is null ? Bytes(ByteTokenizer.Files()) : Bytes(_model.Companions), Task = Letters(), Training = Training(), Memory = Memory });
        return Timed(count, (long)_shape.Batch * _shape.Tokens, () =>
        {
            var tokens = _loop.RunStep(CancellationToken.None).Tokens;
            Debug.Assert(tokens == (long)_shape.Batch * _shape.Tokens, "what is counted is what was fed");
        });
    }

    /// <summary>Batches of sampled responses, each row with a prompt of its own.</summary>
    public Timing Decode(int count) => Timed(count, (long)_shape.Rows * _shape.NewTokens, () =>
    {
        var result = new TextGenerator(_model).Generate(new GenerationRequest
        {
            Prompts = [.. Enumerable.Range(0, _shape.Rows).Select(_ => Row(_shape.PromptTokens))],
            Images = _pictures is null ? null : [.. Enumerable.Range(0, _shape.Rows).Select(Images)],
            MaxNewTokens = _shape.NewTokens,
            Seed = _rollouts++,
            Threads = _device.type == DeviceType.CPU ? _threads : 1,
        });
        Debug.Assert(result.TokenCount == (long)_shape.Rows * _shape.NewTokens, "no stop token was given, so every row runs to its end");
    });

    public void Dispose()
    {
        _loop?.Dispose();
        if (_folder is not null)
        {
            Directory.Delete(_folder, recursive: true);
        }

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

    /// <summary>Random ids, behind an image where the shape has one.</summary>
    private int[] Row(int tokens)
    {
        var row = Enumerable.Range(0, tokens).Select(_ => _random.Next(_pictures is null ? _shape.Model.VocabSize : ByteTokenizer.EndOfTextId)).ToArray();
        if (_pictures is not null)
        {
            row[0] = ByteTokenizer.VisionStartId;
            row.AsSpan(1, _shape.ImageTokens).Fill(ByteTokenizer.ImageId);
            row[_shape.ImageTokens + 1] = ByteTokenizer.VisionEndId;
        }

        return row;
    }

    /// <summary>The image of one row, already cut into patches.</summary>
    private IReadOnlyList<PromptImage> Images(int row) => _pictures is null ? [] : [new PromptImage(1, _pictures[row % _pictures.Length])];

    private ImageSource[]? Pictures()
    {
        if (_shape.ImagePatches == 0)
        {
            return null;
        }

        var grid = new ImageGrid(1, _shape.ImagePatches, _shape.ImagePatches);
        return [.. Enumerable.Range(0, Math.Max(_shape.Rows, _shape.Batch)).Select(_ =>
            ImageSource.Of(new ImagePatches([.. Enumerable.Range(0, grid.Patches * _shape.Model.Vision!.PatchElements).Select(_ => (float)((2 * _random.NextDouble()) - 1))], grid)))];
    }

    private static Tokenizer Bytes(CompanionFiles files)
    {
        var directory = Directory.CreateTempSubdirectory("cpt-bench-").FullName;
        try
        {
            files.WriteTo(directory);
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
        var letters = _pictures is null ? 1 : _shape.PromptTokens - _shape.ImageTokens - 2;
        Sample[] samples =
        [
            .. Enumerable.Range(0, 16 * _shape.Batch).Select(i => new Sample
            {
                Id = $"s{i}", Messages = [new TaskMessage("user", Draw(letters))], Answer = Draw(_shape.LearnedTokens - 1), Images = _pictures is null ? [] : [$"{i}.png"],
            }),
        ];
        var folder = _pictures is null ? null : _folder ??= Directory.CreateTempSubdirectory("cpt-bench-").FullName;
        foreach (var image in folder is null ? [] : samples.SelectMany(sample => sample.Images))
        {
            var side = _shape.ImagePatches * _shape.Model.Vision!.PatchSize;
            var picture = new Picture(side, side);
            _random.NextBytes(picture.Pixels);
            File.WriteAllBytes(Path.Combine(folder!, image), PngFile.Of(picture));
        }

        return new TaskData { Definition = new TaskDefinition { Name = "letters", Scorer = "ExactMatch" }, Train = samples, Eval = samples, Digest = new string('0', 64), Directory = folder };
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
