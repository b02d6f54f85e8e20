using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>
/// Checkpoints, evaluations and run records in one storage, shared by any number of runs. Files lie under their digests; a checkpoint exists from the
/// moment its manifest does, and not before. Raises <see cref="StageFailureException"/>: 65 for what is damaged, 66 for what is missing, 69 for
/// storage that does not answer or is full.
/// </summary>
public sealed partial class CheckpointStore
{
    private readonly IObjectStore _objects;
    private readonly StorageOptions _options;

    /// <param name="objects">Where everything lies.</param>
    /// <param name="options">Clock and warnings.</param>
    public CheckpointStore(IObjectStore objects, StorageOptions? options = null)
    {
        _objects = objects;
        _options = options ?? new StorageOptions();
    }

    /// <summary>What people recognise in a message.</summary>
    public string Location => _objects.Location;

    /// <param name="uri"><c>file:///abs</c>, <c>pvc://claim/path</c> or <c>azblob://container/path</c>.</param>
    /// <param name="options">Null: the process's environment.</param>
    public static CheckpointStore Open(string uri, StorageOptions? options = null) => new(ObjectStores.Open(uri, options), options);

    /// <summary>The final checkpoint, or null when the stage has none. Its blobs are not looked at: <see cref="DownloadAsync"/> verifies them.</summary>
    /// <exception cref="StageFailureException">65: the manifest is damaged, or is not this stage's.</exception>
    public Task<CheckpointManifest?> ReadManifestAsync(string stageHash, CancellationToken cancellationToken = default) =>
        ReadAsync(StorageLayout.Manifest(stageHash), stageHash, CheckpointKind.Final, null, cancellationToken);

    /// <summary>An intermediate checkpoint, or null.</summary>
    /// <exception cref="StageFailureException">65: the manifest is damaged, or is not this stage's.</exception>
    public Task<CheckpointManifest?> ReadStepManifestAsync(string stageHash, int step, CancellationToken cancellationToken = default) =>
        ReadAsync(StorageLayout.StepManifest(stageHash, step), stageHash, CheckpointKind.Step, step, cancellationToken);

    /// <summary>
    /// Intermediate checkpoints, newest first. One with a damaged manifest, or with a blob missing or of another size, is passed over with a warning;
    /// contents are verified when downloaded.
    /// </summary>
    public async Task<IReadOnlyList<CheckpointManifest>> ListStepsAsync(string stageHash, CancellationToken cancellationToken = default)
    {
        var found = new List<CheckpointManifest>();
        foreach (var step in await StepsAsync(stageHash, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                if (await ReadStepManifestAsync(stageHash, step, cancellationToken).ConfigureAwait(false) is not { } manifest) continue;
                if (await MissingAsync(manifest, cancellationToken).ConfigureAwait(false) is { } fault) throw StorageErrors.Corrupt(fault);
                found.Add(manifest);
            }
            catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
            {
                _options.OnWarning($"checkpoint of step {step} is passed over: {error.Message}");
            }
        }

        return found;
    }

    /// <summary>
    /// Downloads the newest intermediate checkpoint that is whole, model and state; passes over damaged ones with a warning. Null when there is none:
    /// the stage starts from its input.
    /// </summary>
    public async Task<CheckpointManifest?> DownloadNewestStepAsync(string stageHash, string directory, CancellationToken cancellationToken = default)
    {
        foreach (var manifest in await ListStepsAsync(stageHash, cancellationToken).ConfigureAwait(false))
        {
            try
            {
                await DownloadAsync(manifest, directory, [FileRole.Model, FileRole.State], null, cancellationToken).ConfigureAwait(false);
                return manifest;
            }
            catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
            {
                _options.OnWarning($"checkpoint of step {manifest.Step} is passed over: {error.Message}");
            }
        }

        return null;
    }

    private async Task<List<int>> StepsAsync(string stageHash, CancellationToken cancellationToken)
    {
        var steps = new List<int>();
        await foreach (var item in _objects.ListAsync(StorageLayout.Steps(stageHash), cancellationToken).ConfigureAwait(false))
            if (StorageLayout.StepOf(stageHash, item.Name) is { } step) steps.Add(step);
        steps.Sort((one, other) => other.CompareTo(one));
        return steps;
    }

    private async Task<CheckpointManifest?> ReadAsync(string name, string stageHash, CheckpointKind kind, int? step, CancellationToken cancellationToken)
    {
        if (await _objects.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } stored) return null;
        var where = _objects.Describe(name);
        var manifest = Manifests.Read(stored.Content, where);
        if (manifest.StageHash != stageHash) throw StorageErrors.Corrupt($"{where}: stageHash: found {manifest.StageHash}, expected {stageHash}");
        if (manifest.Kind != kind) throw StorageErrors.Corrupt($"{where}: kind: found {manifest.Kind}, expected {kind}");
        if (step is { } expected && manifest.Step != expected) throw StorageErrors.Corrupt($"{where}: step: found {manifest.Step}, expected {expected}");
        return manifest;
    }

    private async Task<string?> MissingAsync(CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        foreach (var file in manifest.Files.Where(file => file.Role != FileRole.Artifact))
        {
            var name = StorageLayout.Blob(file.Digest);
            var found = await _objects.FindAsync(name, cancellationToken).ConfigureAwait(false);
            if (found is null) return $"{_objects.Describe(name)} ({file.Path}) is missing";
            if (found.Size != file.Size) return $"{_objects.Describe(name)} ({file.Path}) has {found.Size} bytes, expected {file.Size}";
        }

        return null;
    }
}
