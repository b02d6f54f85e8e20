using System.Text.Json;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Images.Tests;

/// <summary>Small stages of the models that ship with the trainer.</summary>
internal static class Stages
{
    public static Task<StageSpec> DigitsAsync(string storage, Scratch scratch) =>
        SpecAsync(storage, scratch, "digits-base", new TaskInput { Name = "parity", Uri = "generated://digits/parity?seed=1&train=64&eval=16" }, 16);

    /// <param name="task">The task's directory as the trainer sees it.</param>
    public static Task<StageSpec> PicturesAsync(string storage, Scratch scratch, string task) =>
        SpecAsync(storage, scratch, "vision-base", new TaskInput { Name = "read", Uri = "file://" + task }, 48);

    public static void Write(StageSpec spec, string file) => File.WriteAllText(file, JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec));

    private static async Task<StageSpec> SpecAsync(string storage, Scratch scratch, string model, TaskInput task, int tokens)
    {
        var directory = Path.Combine(Repository.Root, "examples", "models", model);
        var input = new ModelInput { Uri = "bundled://models/" + model, Digest = await new InputResolver().DigestAsync("file://" + directory, scratch["digests"]) };
        var training = new TrainingSpec
        {
            Method = StageMethod.SFT,
            Task = task,
            Optimization = new OptimizationSpec { LearningRate = 1e-4, BatchSize = 4, Steps = 6, MaxSequenceTokens = tokens },
            Seed = 3,
        };
        return new StageSpec
        {
            Namespace = "default",
            Run = "image",
            Stage = "first",
            Index = 0,
            Attempt = 1,
            StageHash = Digests.StageHash(input.Digest, training),
            StorageUri = "file://" + storage,
            BaseModel = input,
            Input = input,
            Training = training,
            Checkpoint = new CheckpointSpec { IntervalSteps = 3 },
            Evaluation = new EvaluationSpec { Tasks = [task] },
        };
    }
}
