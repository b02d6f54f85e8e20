using System.Diagnostics;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Benchmarks.Trainer;

/// <summary>
/// Our side: the loop a stage trains with, tokenizing, clipping and checks included, and the generator its rollouts come from; nothing is made
/// shorter for the benchmark.
/// </summary>
internal sealed class OwnTrainer : IDisposable
{
    private readonly BenchSize _size;
    private readonly int _threads;
    private readonly CausalLM _model;
    private readonly IStageLoop _loop;
    private readonly TextGenerator _generator;
    private readonly Random _random = new(1);
    private ulong _rollouts;

    /// <param name="size">Model and work.</param>
    /// <param name="threads">Of libtorch.</param>
    /// <param name="workers">Those that train the same batches together; null for one alone.</param>
    public OwnTrainer(BenchSize size, int threads, WorkerGroup? workers = null)
    {
        _size = size;
        _threads = threads;
        torch.set_num_threads(threads);
        _model = CausalLM.Create(size.Model, seed: 1);
        _generator = new TextGenerator(_model);
        _loop = StageLoops.Create(new StageContext { Policy = _model, Tokenizer = Bytes(), Task = Task(), Training = Training(), Workers = workers });
    }

    public long Parameters => _model.Config.ParameterCount;

    public Turn Train(int steps) => Timed(steps, _size.Batch * _size.Tokens, () => _loop.RunStep(CancellationToken.None));

    public Turn Rollout(int batches) => Timed(batches, _size.Rows * _size.NewTokens, () =>
    {
        var result = _generator.Generate(new GenerationRequest
        {
            Prompts = [.. Enumerable.Range(0, _size.Rows).Select(_ => Enumerable.Range(0, _size.PromptTokens).Select(_ => _random.Next(_size.Vocabulary)).ToArray())],
            MaxNewTokens = _size.NewTokens,
            Seed = _rollouts++,
            Threads = _threads,
        });
        Debug.Assert(result.TokenCount == (long)_size.Rows * _size.NewTokens, "no stop token was given, so every row runs to its end");
    });

    public void Dispose()
    {
        _loop.Dispose();
        _model.Dispose();
    }

    private static Turn Timed(int count, int tokens, Action work)
    {
        var before = Environment.CpuUsage.TotalTime;
        var seconds = new double[count];
        for (var i = 0; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            work();
            seconds[i] = Stopwatch.GetElapsedTime(start).TotalSeconds;
        }

        return new Turn(tokens / Statistics.Median(seconds), (Environment.CpuUsage.TotalTime - before).TotalSeconds);
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
    private TaskData Task()
    {
        string Letters(int count) => string.Create(count, _random, (span, random) =>
        {
            foreach (ref var letter in span)
            {
                letter = (char)random.Next('a', 'z' + 1);
            }
        });
        Sample[] samples =
        [
            .. Enumerable.Range(0, 16 * _size.Batch).Select(i => new Sample
            {
                Id = $"s{i}",
                Messages = [new TaskMessage("user", Letters(1))],
                Answer = Letters(_size.Tokens - 1),
            }),
        ];
        return new TaskData { Definition = new TaskDefinition { Name = "letters", Scorer = "ExactMatch" }, Train = samples, Eval = samples, Digest = new string('0', 64) };
    }

    private TrainingSpec Training() => new()
    {
        Method = StageMethod.SFT,
        Task = new TaskInput { Name = "letters", Uri = "generated://letters" },
        Optimization = new OptimizationSpec { LearningRate = 1e-3, BatchSize = _size.Batch, Steps = 1_000_000, MaxSequenceTokens = _size.Tokens + 1, MaxGradientNorm = 1 },
        Seed = 1,
    };
}
