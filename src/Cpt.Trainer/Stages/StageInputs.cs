using Cpt.Contract;
using Cpt.Storage;
using Cpt.Tasks;
using Cpt.Trainer.Reporting;
using Cpt.Trainer.Workers;

namespace Cpt.Trainer.Stages;

/// <summary>Brings models and tasks to this machine and makes sure that they are the ones that were meant. Each is fetched once, also by several workers of one node.</summary>
internal sealed class StageInputs(CheckpointStore store, InputResolver resolver, WorkDirectory work, StageReporter reporter, WorkerSession? session)
{
    private readonly Dictionary<string, string> _models = new(StringComparer.Ordinal);
    private readonly Dictionary<TaskInput, TaskData> _tasks = [];

    /// <summary>The local directory of a model whose files have the digest that stage.json asks for.</summary>
    /// <exception cref="StageFailureException">66 when it does not exist, 65 when it is another one, 69 when storage does not answer.</exception>
    public async Task<string> ModelAsync(ModelInput model, CancellationToken cancellationToken)
    {
        if (!_models.TryGetValue(model.Digest, out var directory))
        {
            directory = await OnceAsync(async () => model.StageHash is { } hash
                ? await DownloadAsync(hash, model.Digest, cancellationToken)
                : (await resolver.MaterializeAsync(model.Uri!, work.Cache, model.Digest, Heartbeat(), cancellationToken)).Directory);
            _models.Add(model.Digest, directory);
        }

        return directory;
    }

    /// <summary>A task with the scorer that the run gives it.</summary>
    /// <exception cref="StageFailureException">65 when its content is not what the stage was planned with.</exception>
    public async Task<TaskData> TaskAsync(TaskInput wanted, CancellationToken cancellationToken)
    {
        if (!_tasks.TryGetValue(wanted, out var task))
        {
            task = (await OnceAsync(() => LoadAsync(wanted, cancellationToken))).WithScorer(wanted.Scorer);
            _tasks.Add(wanted, task);
        }

        return task;
    }

    /// <summary>Local directories, of PEFT's form, of the adapters that stages of this storage have trained.</summary>
    /// <exception cref="StageFailureException">66 when a stage has committed none.</exception>
    public async Task<IReadOnlyList<string>> AdaptersAsync(IReadOnlyList<string> stageHashes, CancellationToken cancellationToken)
    {
        var directories = new List<string>();
        foreach (var hash in stageHashes)
        {
            directories.Add(await OnceAsync(() => AdapterAsync(hash, cancellationToken)));
        }

        return directories;
    }

    /// <summary>Digests of the models that a model came from, itself first.</summary>
    public async Task<IReadOnlyList<string>> LineageAsync(ModelInput model, CancellationToken cancellationToken)
    {
        var parents = model.StageHash is { } hash && await store.ReadManifestAsync(hash, cancellationToken) is { } manifest ? manifest.Parents : [];
        return [model.Digest, .. parents];
    }

    private async Task<TaskData> LoadAsync(TaskInput wanted, CancellationToken cancellationToken)
    {
        if (!GeneratedTaskUri.IsOne(wanted.Uri))
        {
            return TaskLoader.LoadDirectory((await resolver.MaterializeTaskAsync(wanted.Uri, work.Cache, wanted.Digest, Heartbeat(), cancellationToken)).Directory);
        }

        var task = TaskLoader.Load(wanted.Uri);
        return wanted.Digest is null || wanted.Digest == task.Digest
            ? task
            : throw new StageFailureException(ExitCodes.BadData, "TaskChanged",
                $"task {wanted.Name} ({wanted.Uri}): this trainer generates it with digest {task.Digest}, but the stage was planned with {wanted.Digest}; plan and train with the same version");
    }

    private async Task<string> DownloadAsync(string hash, string digest, CancellationToken cancellationToken)
    {
        var manifest = await store.ReadManifestAsync(hash, cancellationToken)
            ?? throw new StageFailureException(ExitCodes.InputNotFound, "NotFound", $"stage {hash} has no committed checkpoint in {store.Location}; its result is this stage's input");
        if (manifest.ModelDigest != digest)
        {
            throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint",
                $"stage {hash} in {store.Location} has committed model {manifest.ModelDigest}, but this stage was planned with {digest}");
        }

        var directory = Path.Combine(work.Cache, "models", digest);
        await store.DownloadAsync(manifest, directory, [FileRole.Model], Heartbeat(), cancellationToken);
        return directory;
    }

    private async Task<string> AdapterAsync(string hash, CancellationToken cancellationToken)
    {
        var manifest = await store.ReadManifestAsync(hash, cancellationToken);
        var files = manifest?.Files.Where(file => file.Path.StartsWith(StageCheckpoints.AdapterDirectory + "/", StringComparison.Ordinal)).ToList() ?? [];
        if (files.Count == 0)
        {
            throw new StageFailureException(ExitCodes.InputNotFound, "NotFound",
                $"stage {hash} has no adapter in {store.Location}; this stage's adapter is to be kept apart from it (training.lora.orthogonal)");
        }

        var directory = Path.Combine(work.Cache, "adapters", hash);
        await store.DownloadAsync(manifest! with { Files = files }, directory, [FileRole.Artifact], Heartbeat(), cancellationToken);
        return Path.Combine(directory, StageCheckpoints.AdapterDirectory);
    }

    private Task<T> OnceAsync<T>(Func<Task<T>> bring) => session is null ? bring() : session.FirstOfNodeAsync(bring);

    private TransferHeartbeat Heartbeat() => new(reporter);
}
