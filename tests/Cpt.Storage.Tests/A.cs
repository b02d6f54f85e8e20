using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>What tests are about: a model directory, a checkpoint of it, an evaluation.</summary>
internal static class A
{
    public static readonly DateTimeOffset Noon = new(2026, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static byte[] Bytes(int seed, int count)
    {
        var bytes = new byte[count];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>config.json and tokenizer.json are the same for every seed, the weights are not.</summary>
    public static string Model(string directory, int seed = 1, int weightBytes = 5000)
    {
        Directory.CreateDirectory(directory);
        File.WriteAllText(Path.Combine(directory, "config.json"), """{"model_type":"qwen2"}""");
        File.WriteAllText(Path.Combine(directory, "tokenizer.json"), """{"version":"1.0"}""");
        File.WriteAllBytes(Path.Combine(directory, "model.safetensors"), Bytes(seed, weightBytes));
        return directory;
    }

    public static CheckpointManifest Final(string stageHash, int step = 10) => new()
    {
        Kind = CheckpointKind.Final,
        StageHash = stageHash,
        Namespace = "ml",
        Run = "demo",
        Stage = "sums",
        Attempt = 1,
        Step = step,
        StepsDue = 10,
        ModelDigest = "",
        Files = [],
        Metrics = new Dictionary<string, double> { ["loss"] = 0.5 },
        CreatedAt = Noon,
    };

    public static CheckpointManifest Step(string stageHash, int step) => Final(stageHash, step) with { Kind = CheckpointKind.Step, StepsDue = 1000 };

    public static EvaluationDocument Evaluation(string stageHash, params TaskScore[] scores) =>
        new() { StageHash = stageHash, ModelDigest = "m1", Scores = scores, CreatedAt = Noon };

    public static TaskScore Score(string task, double accuracy, ScoreKind kind = ScoreKind.Task) =>
        new() { Task = task, Kind = kind, Accuracy = accuracy, Samples = 4, Records = [new SampleRecord("s0", accuracy, "42")] };
}
