using System.Text.Json;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Trainer.Tests;

/// <summary>A base model, two tasks and a storage in one directory, and the stages one can run there.</summary>
internal sealed class StageFixture : IDisposable
{
    private readonly TestFiles _files = new();

    public StageFixture()
    {
        TinyModels.Create(Model);
        TinyTasks.CreateLetters(_files["tasks/letters"]);
        TinyTasks.CreateSums(_files["tasks/sums"]);
    }

    public TestFiles Files => _files;

    public string Model => _files["model"];

    public string Storage => _files["storage"];

    public TaskInput Letters => new() { Name = "letters", Uri = "file://" + _files["tasks/letters"] };

    public TaskInput Sums => new() { Name = "sums", Uri = "file://" + _files["tasks/sums"] };

    public CheckpointStore Store => CheckpointStore.Open("file://" + Storage);

    public async Task<ModelInput> BaseAsync()
    {
        var uri = "file://" + Model;
        return new ModelInput { Uri = uri, Digest = await new InputResolver().DigestAsync(uri, _files["digests"]) };
    }

    /// <summary>An SFT stage of the task sums: 12 steps, a checkpoint every 3.</summary>
    public async Task<StageSpec> SftAsync(Func<OptimizationSpec, OptimizationSpec>? change = null, ModelInput? input = null, TaskInput? task = null)
    {
        var optimization = new OptimizationSpec { LearningRate = 3e-3, BatchSize = 4, Steps = 12, Schedule = LearningRateSchedule.Cosine, WarmupRatio = 0.2, MaxSequenceTokens = TinyModels.Context };
        return await SpecAsync("learn-sums", input, new TrainingSpec
        {
            Method = StageMethod.SFT, Task = task ?? Sums, Optimization = change?.Invoke(optimization) ?? optimization, Seed = 5,
        });
    }

    /// <summary>An RFT stage of the task letters: 6 rollout batches, a checkpoint every 2, KL against the base model.</summary>
    public async Task<StageSpec> RftAsync(ModelInput? input = null, TaskInput? task = null) => await SpecAsync("learn-letters", input, new TrainingSpec
    {
        Method = StageMethod.RFT,
        Task = task ?? Letters,
        Optimization = new OptimizationSpec { LearningRate = 1e-2, BatchSize = 4, Steps = 6, MaxSequenceTokens = TinyModels.Context },
        Rft = new RftSpec { GroupSize = 4, MaxResponseTokens = 3, KlReference = KlReference.Base, KlCoefficient = 0.01, MiniBatches = 2, PreflightRollouts = 32, RolloutThreads = 1 },
        Seed = 6,
    }) with { Checkpoint = new CheckpointSpec { IntervalSteps = 2 } };

    /// <summary>The same stage with another training: its hash follows.</summary>
    public static StageSpec With(StageSpec spec, Func<TrainingSpec, TrainingSpec> change)
    {
        var training = change(spec.Training);
        return spec with { Training = training, StageHash = Digests.StageHash(spec.Input.Digest, training) };
    }

    public async Task<StageSpec> SpecAsync(string stage, ModelInput? input, TrainingSpec training)
    {
        var baseModel = await BaseAsync();
        return new StageSpec
        {
            Namespace = "default",
            Run = "demo",
            Stage = stage,
            Index = 0,
            Attempt = 1,
            StageHash = Digests.StageHash((input ?? baseModel).Digest, training),
            StorageUri = "file://" + Storage,
            BaseModel = baseModel,
            Input = input ?? baseModel,
            Training = training,
            Checkpoint = new CheckpointSpec { IntervalSteps = 3 },
            Evaluation = new EvaluationSpec
            {
                Tasks = [training.Task],
                Baseline = true,
                BaselineTasks = [training.Task],
                PreviousRow = Digests.BaselineHash(baseModel.Digest),
                MaxResponseTokens = 4,
            },
            Device = "cpu",
        };
    }

    public TrainerChild Start(StageSpec spec, params IEnumerable<string> more) => Start(spec, new Dictionary<string, string?>(StringComparer.Ordinal), more);

    public TrainerChild Start(StageSpec spec, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> more) =>
        StartText(JsonSerializer.Serialize(spec, ContractJson.Default.StageSpec), environment, more);

    public TrainerChild StartText(string stageJson, IReadOnlyDictionary<string, string?> environment, params IEnumerable<string> more)
    {
        var stage = _files.Write("stage.json", stageJson);
        return TrainerChild.Start(environment, ["--stage", stage, "--work", _files["work"], "--termination-log", _files["result.json"], "--port", "0", "--log", "json", .. more]);
    }

    /// <summary>Runs to the end and expects success.</summary>
    public async Task<StageResult> CompleteAsync(StageSpec spec)
    {
        await using var child = Start(spec);
        var code = await child.ExitAsync();
        Assert.True(code == ExitCodes.Done, $"exit code {code}\n{child.Log}");
        return child.Result;
    }

    public StageResult TerminationMessage() => JsonSerializer.Deserialize(File.ReadAllBytes(_files["result.json"]), ContractJson.Default.StageResult)!;

    public void Dispose() => _files.Dispose();
}
