using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    /// <summary>
    /// Youngest age at which a sweep may take a blob. A committer touches every blob within half of this and writes the manifest within the other half:
    /// so a sweep that saw no manifest for an older blob knows that none is about to be written.
    /// </summary>
    internal TimeSpan Grace { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>For touching, and again for writing the manifest; what takes longer fails.</summary>
    private static readonly TimeSpan s_commitWithin = TimeSpan.FromMinutes(1);

    private const int MostTouchRounds = 20;

    /// <summary>
    /// Commits a checkpoint: files under their digests, then the manifest. A final manifest is written only once: whoever comes second with the same result
    /// gets the first one's manifest, with another result an error. An intermediate one is replaced by a later attempt's.
    /// </summary>
    /// <param name="draft">Everything but <c>Files</c> and <c>ModelDigest</c>, which are computed here.</param>
    /// <param name="files">What goes in; those with role Model must be <see cref="ModelFiles"/>.</param>
    /// <param name="progress">Told after every block.</param>
    /// <param name="cancellationToken">Before the manifest is written, nothing is committed.</param>
    /// <returns>The manifest that stands in storage.</returns>
    /// <exception cref="StageFailureException">70: fewer steps done than due, or another result stands there already; 69: storage.</exception>
    public async Task<CheckpointManifest> CommitAsync(
        CheckpointManifest draft, IReadOnlyList<CheckpointSource> files, IProgress<TransferProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        var described = new List<CheckpointFile>(files.Count);
        foreach (var file in files)
        {
            var digest = await Digests.OfFileAsync(file.LocalPath, cancellationToken).ConfigureAwait(false);
            described.Add(new CheckpointFile(file.Path, digest, new FileInfo(file.LocalPath).Length, file.Role));
        }

        var manifest = draft with { Files = described, ModelDigest = Manifests.ModelDigest(described) };
        if (Manifests.Fault(manifest) is { } fault)
            throw new StageFailureException(ExitCodes.Internal, "BadCheckpoint", $"stage {draft.Stage}: this checkpoint cannot be committed: {fault}");
        var name = manifest.Kind == CheckpointKind.Final ? StorageLayout.Manifest(manifest.StageHash) : StorageLayout.StepManifest(manifest.StageHash, manifest.Step);
        if (manifest.Kind == CheckpointKind.Final && await ReadManifestAsync(manifest.StageHash, cancellationToken).ConfigureAwait(false) is { } standing)
            return Settled(manifest, standing, name);

        var meter = new TransferMeter(described.Sum(file => file.Size), progress);
        foreach (var (source, file) in files.Zip(described))
            await _objects.PutFileAsync(StorageLayout.Blob(file.Digest), source.LocalPath, file.Digest, meter.For(file.Path), cancellationToken).ConfigureAwait(false);
        await HoldAsync(files, described, cancellationToken).ConfigureAwait(false);
        using var soon = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        soon.CancelAfter(s_commitWithin - TimeSpan.FromSeconds(5));
        try
        {
            return await PublishAsync(manifest, name, soon.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (!cancellationToken.IsCancellationRequested)
        {
            throw StorageErrors.Unavailable($"{_objects.Describe(name)}: too slow: the manifest could not be written within {s_commitWithin}", error);
        }
    }

    /// <summary>Makes every blob young again, and sends again what a sweep took meanwhile.</summary>
    private async Task HoldAsync(IReadOnlyList<CheckpointSource> sources, List<CheckpointFile> files, CancellationToken cancellationToken)
    {
        for (var round = 0; round < MostTouchRounds; round++)
        {
            var start = _options.Time.GetTimestamp();
            foreach (var (source, file) in sources.Zip(files))
            {
                var blob = StorageLayout.Blob(file.Digest);
                if (!await _objects.TouchAsync(blob, cancellationToken).ConfigureAwait(false))
                    await _objects.PutFileAsync(blob, source.LocalPath, file.Digest, null, cancellationToken).ConfigureAwait(false);
            }

            if (_options.Time.GetElapsedTime(start) < s_commitWithin) return;
        }

        throw StorageErrors.Unavailable($"{_objects.Location}: too slow to commit a checkpoint of {files.Count} files: touching them took longer than {s_commitWithin}");
    }

    private async Task<CheckpointManifest> PublishAsync(CheckpointManifest manifest, string name, CancellationToken cancellationToken)
    {
        var content = Manifests.Write(manifest);
        if (await _objects.PutIfAbsentAsync(name, content, cancellationToken).ConfigureAwait(false)) return manifest;
        if (manifest.Kind == CheckpointKind.Final)
        {
            var standing = await ReadManifestAsync(manifest.StageHash, cancellationToken).ConfigureAwait(false)
                ?? throw StorageErrors.Unavailable($"{_objects.Describe(name)}: was deleted while it was committed");
            return Settled(manifest, standing, name);
        }

        if (await _objects.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } stored)
            return await PublishAsync(manifest, name, cancellationToken).ConfigureAwait(false);
        CheckpointManifest? before = null;
        try
        {
            before = Manifests.Read(stored.Content, _objects.Describe(name));
        }
        catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
        {
            _options.OnWarning($"{error.Message}; it is replaced");
        }

        if (before is not null && Manifests.SameResult(before, manifest)) return before;
        if (before is not null) await DiscardAsync($"{manifest.StageHash}-{manifest.Step}", before, cancellationToken).ConfigureAwait(false);
        return await _objects.PutIfMatchAsync(name, content, stored.Version, cancellationToken).ConfigureAwait(false)
            ? manifest
            : await PublishAsync(manifest, name, cancellationToken).ConfigureAwait(false);
    }

    private CheckpointManifest Settled(CheckpointManifest mine, CheckpointManifest standing, string name)
    {
        if (Manifests.SameResult(mine, standing)) return standing;
        throw new StageFailureException(ExitCodes.Internal, "CheckpointConflict",
            $"{_objects.Describe(name)}: stage {mine.Stage} is already committed with another result: model {standing.ModelDigest} after step {standing.Step} " +
            $"(run {standing.Namespace}/{standing.Run}, attempt {standing.Attempt}, trainer {standing.TrainerVersion}), this attempt has model {mine.ModelDigest} after step {mine.Step}. " +
            "What stands is kept. The same inputs gave other weights: another device type, thread count or library version; delete the stage from storage to train it anew");
    }
}
