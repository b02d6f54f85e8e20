using Cpt.Api;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Planning;
using Cpt.Runs;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Torch;
using Cpt.Training;

namespace Cpt.Cli.Running;

/// <summary>One probe of a stage in this process: finds its task and its input model, and asks.</summary>
internal sealed class Probing
{
    public required RunSource Source { get; init; }

    public required WorkDirectory Work { get; init; }

    /// <summary>Null: the first.</summary>
    public string? Stage { get; init; }

    public required int Samples { get; init; }

    public required int Rollouts { get; init; }

    public required Device Device { get; init; }

    public required Action<string> Warn { get; init; }

    /// <exception cref="CliException">64: no such stage, or a run that cannot be carried out; 66: the stage before it has no result yet.</exception>
    public async Task<(string Stage, ProbeReport Report)> RunAsync(CancellationToken cancellationToken)
    {
        var run = RunDefaults.Apply(Source.Run);
        if (RunValidator.Validate(Source.Run) is { Count: > 0 } errors)
        {
            throw new CliException(ExitCodes.BadSpec, string.Join('\n', errors.Select(error => $"{error.Path}: {error.Message}")));
        }

        var index = Stage is null ? 0 : run.Spec.Stages.ToList().FindIndex(stage => stage.Name == Stage);
        if (index < 0)
        {
            throw new CliException(ExitCodes.BadSpec, $"--stage: run {run.Metadata.Name} has no stage {Stage}; it has {string.Join(", ", run.Spec.Stages.Select(stage => stage.Name))}");
        }

        var options = new LocalEnvironment(Work).StorageOptions(Warn);
        using var scratch = new Scratch();
        // What was fetched for a run that was started here is not fetched again; a run that was not is not begun by looking at it.
        var cache = Directory.Exists(Work.CacheDirectory) ? Work.CacheDirectory : scratch.Path;
        var resolver = new InputResolver(options);
        var (directory, digest) = await InputAsync(run, index, resolver, options, cache, cancellationToken);
        var training = StageSpecs.Training(run, index, taskDigest: null);
        var task = (await TaskAsync(training.Task.Uri, resolver, cache, cancellationToken)).WithScorer(training.Task.Scorer);
        using var model = CausalLM.Load(directory, Precision.HalvesWeights(training.Optimization.Precision) ? ScalarType.BFloat16 : ScalarType.Float32, Device);
        var spec = new ProbeSpec { Samples = Samples, Rollouts = Rollouts, Sampling = StageSpecs.ProbeSampling(run, index) };
        var report = new MethodProbe(task, spec, training.Optimization, training.Seed, log: Warn).Run(model, Tokenizer.Load(directory), workers: null, cancellationToken);
        return (run.Spec.Stages[index].Name, report with { ModelDigest = digest });
    }

    private async Task<(string Directory, string Digest)> InputAsync(
        ContinualRun run, int index, InputResolver resolver, StorageOptions options, string cache, CancellationToken cancellationToken)
    {
        if (index == 0)
        {
            var found = await resolver.MaterializeAsync(run.Spec.BaseModel.Uri, cache, cancellationToken: cancellationToken);
            return (found.Directory, found.Digest);
        }

        // Names of results follow from what they were made of: from the base model on, stage by stage.
        var store = CheckpointStore.Open(run.Spec.Storage.Uri, options);
        var lookups = new StorageLookups(() => store, resolver, cache);
        var baseModel = await DigestAsync(lookups, new Need.ModelDigest(run.Spec.BaseModel.Uri), cancellationToken);
        var input = baseModel;
        CheckpointManifest? result = null;
        for (var before = 0; before < index; before++)
        {
            var stage = run.Spec.Stages[before];
            var tasks = new List<string>();
            foreach (var uri in StageSpecs.TrainedUris(run, before))
            {
                tasks.Add(await DigestAsync(lookups, new Need.TaskDigest(uri), cancellationToken));
            }

            var hash = StageSpecs.Build(run, before, new Planning.StageInputs { BaseModelDigest = baseModel, InputDigest = input, TaskDigests = tasks }).StageHash;
            result = await store.ReadManifestAsync(hash, cancellationToken) ?? throw new CliException(
                ExitCodes.InputNotFound,
                $"stage {run.Spec.Stages[index].Name} starts from the result of stage {stage.Name}, which {store.Location} does not have (stages/{hash}). Run the chain up to there first, or probe stage {run.Spec.Stages[0].Name}, which starts from the base model.");
            input = result.ModelDigest;
        }

        return (await store.OpenModelDirectoryAsync(result!, cache, null, cancellationToken), input);
    }

    private static async Task<string> DigestAsync(StorageLookups lookups, Need need, CancellationToken cancellationToken)
    {
        var found = await lookups.FindAsync(need, cancellationToken);
        return found.Value as string ?? throw new CliException(ExitCodes.InputNotFound, found.Failure?.Message ?? "not found");
    }

    private static async Task<TaskData> TaskAsync(string uri, InputResolver resolver, string cache, CancellationToken cancellationToken)
    {
        try
        {
            return GeneratedTaskUri.IsOne(uri) ? TaskLoader.Load(uri) : TaskLoader.LoadDirectory((await resolver.MaterializeTaskAsync(uri, cache, cancellationToken: cancellationToken)).Directory);
        }
        catch (TaskNotFoundException missing)
        {
            throw new CliException(ExitCodes.InputNotFound, missing.Message);
        }
        catch (TaskDataException wrong)
        {
            throw new CliException(ExitCodes.BadData, wrong.Message);
        }
    }

    private sealed class Scratch : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cpt-probe-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
