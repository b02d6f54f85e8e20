using Cpt.Contract;
using Cpt.Models;
using Cpt.Tasks;
using Cpt.Torch;

namespace Cpt.Training.Tests;

/// <summary>A model of some ten thousand weights, and tasks it learns within seconds.</summary>
internal static class Tiny
{
    private static readonly Lazy<Tokenizer> s_tokenizer = new(() =>
    {
        var directory = Directory.CreateTempSubdirectory("cpt-tokenizer-").FullName;
        ByteTokenizer.Files().WriteTo(directory);
        var tokenizer = Tokenizer.Load(directory);
        Directory.Delete(directory, recursive: true);
        return tokenizer;
    });

    public static Tokenizer Tokenizer => s_tokenizer.Value;

    public static ModelConfig Config { get; } = new()
    {
        VocabSize = ByteTokenizer.VocabSize,
        HiddenSize = 32,
        IntermediateSize = 48,
        NumHiddenLayers = 2,
        NumAttentionHeads = 2,
        NumKeyValueHeads = 1,
        HeadDim = 16,
        MaxPositionEmbeddings = 64,
        TieWordEmbeddings = true,
        EosTokenIds = [ByteTokenizer.EndOfTextId],
        PadTokenId = ByteTokenizer.EndOfTextId,
    };

    /// <summary>The same with an image tower.</summary>
    public static ModelConfig VisionConfig { get; } = Config with
    {
        ModelType = "qwen2_5_vl",
        VocabSize = ByteTokenizer.VocabSizeWithImages,
        RopeSections = [2, 3, 3],
        ImageTokenId = ByteTokenizer.ImageId,
        VideoTokenId = ByteTokenizer.VideoId,
        VisionStartTokenId = ByteTokenizer.VisionStartId,
        VisionEndTokenId = ByteTokenizer.VisionEndId,
        Vision = new VisionConfig { Depth = 2, HiddenSize = 32, IntermediateSize = 48, NumHeads = 2, OutHiddenSize = 32, WindowSize = 56, FullAttentionBlocks = [1] },
    };

    public static CausalLM VisionModel(ulong seed = 1)
    {
        var model = CausalLM.Create(VisionConfig, seed);
        model.Companions = ByteTokenizer.FilesWithImages(new ImageProcessorSettings { MinimumPixels = 28 * 28 }, VisionConfig.Vision!);
        return model;
    }

    public static CausalLM Model(ulong seed = 1) => CausalLM.Create(Config, seed);

    public static Sample Sample(string id, string prompt, string answer, string? accept = null) =>
        new() { Id = id, Messages = [new TaskMessage("user", prompt)], Answer = answer, Accept = accept };

    public static TaskData Task(IReadOnlyList<Sample> train, IReadOnlyList<Sample>? eval = null, string scorer = "ExactMatch") => new()
    {
        Definition = new TaskDefinition { Name = "tiny", Scorer = scorer },
        Train = train,
        Eval = eval ?? train,
        Digest = new string('0', 64),
    };

    /// <summary>One letter in, one digit out; every even digit is right.</summary>
    public static TaskData EvenDigits()
    {
        var samples = Enumerable.Range(0, 20).Select(i => Sample($"s{i}", $"{(char)('a' + i)}=", (i % 10).ToString(System.Globalization.CultureInfo.InvariantCulture), "[02468]")).ToArray();
        return Task(samples, scorer: "Pattern");
    }

    public static TrainingSpec Sft(OptimizationSpec optimization, long seed = 5) => new()
    {
        Method = StageMethod.SFT,
        Task = new TaskInput { Name = "tiny", Uri = "file:///tiny" },
        Optimization = optimization,
        Seed = seed,
    };

    public static TrainingSpec Rft(OptimizationSpec optimization, RftSpec rft, long seed = 5) => new()
    {
        Method = StageMethod.RFT,
        Task = new TaskInput { Name = "tiny", Uri = "file:///tiny" },
        Optimization = optimization,
        Rft = rft,
        Seed = seed,
    };

    public static LoraSpec Lora { get; } = new() { Rank = 4, Alpha = 8, Targets = ["AllLinear"] };

    public static OptimizationSpec Optimization(int steps, int batch = 8, double rate = 3e-3) => new() { LearningRate = rate, BatchSize = batch, Steps = steps, MaxSequenceTokens = 64 };

    public static RftSpec Grpo(int miniBatches = 1) => new() { GroupSize = 8, MiniBatches = miniBatches, MaxResponseTokens = 2, PreflightRollouts = 0 };

    /// <summary>As a manifest's defaults would have it: each algorithm with the aggregation and the bounds that are its own.</summary>
    public static RftSpec Of(RftAlgorithm algorithm, int miniBatches = 1) => algorithm switch
    {
        RftAlgorithm.DrGRPO => Grpo(miniBatches) with { Algorithm = algorithm, LossAggregation = "Constant" },
        RftAlgorithm.GSPO => Grpo(miniBatches) with { Algorithm = algorithm, LossAggregation = "SequenceMean", ClipLow = 0.0003, ClipHigh = 0.0004, DualClip = 0 },
        _ => Grpo(miniBatches) with { Algorithm = algorithm },
    };

    /// <summary>An earlier task, whose answers are letters.</summary>
    public static TaskData Letters() => Task([.. Enumerable.Range(0, 7).Select(i => Sample($"l{i}", $"{i}>", ((char)('p' + i)).ToString(), "[a-z]"))], scorer: "Pattern");

    public static ReplaySpec Replay(int percentage) => new() { Percentage = percentage, Tasks = [new TaskInput { Name = "letters", Uri = "file:///letters" }] };

    public static EwcSpec Ewc(double lambda, int samples = 6) => new() { Lambda = lambda, FisherSamples = samples, Tasks = [new TaskInput { Name = "letters", Uri = "file:///letters" }] };

    /// <summary>Where the training names other tasks, each of them is <see cref="Letters"/>.</summary>
    public static StageContext Context(TrainingSpec training, CausalLM policy, TaskData task, Func<CausalLM>? reference = null, Action<string>? log = null) => new()
    {
        Training = training,
        Policy = policy,
        Tokenizer = Tokenizer,
        Task = task,
        JointTasks = [.. (training.JointTasks ?? []).Select(_ => Letters())],
        Replayed = [.. (training.Replay?.Tasks ?? []).Select(_ => Letters())],
        Protected = [.. (training.Regularization?.Ewc?.Tasks ?? []).Select(_ => Letters())],
        Input = reference,
        Reference = reference,
        Log = log,
    };

    /// <summary>A model that answers <see cref="EvenDigits"/> with some digit, so that about half of its rollouts earn something.</summary>
    public static CausalLM HalfTaught()
    {
        var model = Model();
        var samples = Enumerable.Range(0, 200).Select(i => Sample($"s{i}", $"{(char)('a' + (i % 20))}=", (i / 20).ToString(System.Globalization.CultureInfo.InvariantCulture))).ToArray();
        using var loop = StageLoops.Create(Context(Sft(Optimization(40, batch: 40, rate: 1e-2)), model, Task(samples)));
        while (!loop.Finished) loop.RunStep(default);
        return model;
    }

    public static TaskData Shapes() => TaskLoader.Load("generated://shapes/count?train=40&eval=8");

    /// <summary>A model that answers <see cref="Shapes"/> with some count.</summary>
    public static CausalLM HalfTaughtPictures()
    {
        var model = VisionModel();
        using var loop = StageLoops.Create(Context(Sft(Optimization(25, batch: 20, rate: 1e-2)), model, Shapes()));
        while (!loop.Finished) loop.RunStep(default);
        return model;
    }

    /// <summary>Every weight, bit for bit.</summary>
    public static Dictionary<string, float[]> Weights(CausalLM model)
    {
        using var scope = torch.NewDisposeScope();
        return model.Parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value.detach().to(ScalarType.Float32).data<float>(), StringComparer.Ordinal);
    }

    public static void AreEqual(Dictionary<string, float[]> expected, Dictionary<string, float[]> found)
    {
        Assert.Equal(expected.Keys, found.Keys);
        foreach (var (name, values) in expected) Assert.True(values.AsSpan().SequenceEqual(found[name]), $"{name} differs");
    }

    public static double LargestDifference(Dictionary<string, float[]> left, Dictionary<string, float[]> right) =>
        left.Max(pair => pair.Value.Zip(right[pair.Key], (a, b) => Math.Abs((double)a - b)).Max());
}
