using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    /// <summary>What manifests refer to, by name and version: a manifest that did not change need not be read again.</summary>
    private IReadOnlyDictionary<(string Name, string Version), IReadOnlySet<string>> _referred = new Dictionary<(string, string), IReadOnlySet<string>>();

    /// <summary>
    /// Keeps the newest <paramref name="keep"/> readable intermediate checkpoints of a stage and deletes the older ones: their manifests first, then
    /// the blobs that no manifest in this storage refers to any more. The final checkpoint is never touched.
    /// </summary>
    /// <param name="stageHash">Whose.</param>
    /// <param name="keep">0 or more.</param>
    /// <param name="cancellationToken">The next call goes on where this one stopped.</param>
    /// <returns>Bytes freed by this call; blobs younger than the grace time go with a later call.</returns>
    public async Task<long> ApplyRetentionAsync(string stageHash, int keep, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(keep);
        var readable = 0;
        foreach (var step in await StepsAsync(stageHash, cancellationToken).ConfigureAwait(false))
        {
            var manifest = await TryReadStepAsync(stageHash, step, cancellationToken).ConfigureAwait(false);
            // A damaged one is kept while nothing newer is whole: a person may want to look at it.
            if (readable >= keep) await DeleteManifestAsync(StorageLayout.StepManifest(stageHash, step), $"{stageHash}-{step}", manifest, cancellationToken).ConfigureAwait(false);
            else if (manifest is not null) readable++;
        }

        return await SweepAsync(cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes a stage's checkpoints, evaluation and rollouts, then the blobs that nothing else refers to.</summary>
    public async Task<long> DeleteStageAsync(string stageHash, CancellationToken cancellationToken = default)
    {
        CheckpointManifest? final = null;
        try
        {
            final = await ReadManifestAsync(stageHash, cancellationToken).ConfigureAwait(false);
        }
        catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
        {
            _options.OnWarning($"{error.Message}; it is deleted");
        }

        await DeleteManifestAsync(StorageLayout.Manifest(stageHash), stageHash, final, cancellationToken).ConfigureAwait(false);
        await _objects.DeleteAsync(StorageLayout.Evaluation(stageHash), cancellationToken).ConfigureAwait(false);
        await _objects.DeleteAsync(StorageLayout.Probe(stageHash), cancellationToken).ConfigureAwait(false);
        await DeleteRolloutsAsync(stageHash, cancellationToken).ConfigureAwait(false);
        return await ApplyRetentionAsync(stageHash, 0, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Deletes blobs that deleted manifests referred to, nothing refers to now, and nobody wrote or touched within the grace time.</summary>
    /// <returns>Bytes freed.</returns>
    public async Task<long> SweepAsync(CancellationToken cancellationToken = default)
    {
        var lists = new List<(ObjectInfo Info, GarbageList List)>();
        await foreach (var item in _objects.ListAsync(StorageLayout.Garbage, cancellationToken).ConfigureAwait(false))
        {
            if (await _objects.ReadAsync(item.Name, cancellationToken).ConfigureAwait(false) is not { } stored) continue;
            if (Garbage(stored) is { } list) lists.Add((item, list));
            else await _objects.DeleteAsync(item.Name, cancellationToken).ConfigureAwait(false);
        }

        if (lists.Count == 0) return 0;

        // The order is the proof: versions are noted before manifests are read, and a blob goes only if its version is still the same. See docs/storage.md.
        var candidates = new Dictionary<string, ObjectInfo?>(StringComparer.Ordinal);
        foreach (var digest in lists.SelectMany(item => item.List.Digests).Distinct(StringComparer.Ordinal))
            candidates[digest] = await _objects.FindAsync(StorageLayout.Blob(digest), cancellationToken).ConfigureAwait(false);
        if (await ReferredAsync(cancellationToken).ConfigureAwait(false) is not { } referred) return 0;

        long freed = 0;
        var waiting = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (digest, found) in candidates)
        {
            if (found is null || referred.Contains(digest)) continue;
            if (found.Age >= Grace && await _objects.DeleteUnchangedAsync(found, cancellationToken).ConfigureAwait(false)) freed += found.Size;
            else waiting.Add(digest);
        }

        // A young list may name blobs whose manifest is only about to be deleted, so those still referred to stay on it for now.
        foreach (var (info, list) in lists.Where(item => item.Info.Age >= Grace && !item.List.Digests.Any(waiting.Contains)))
            await _objects.DeleteAsync(info.Name, cancellationToken).ConfigureAwait(false);
        return freed;
    }

    private async Task<CheckpointManifest?> TryReadStepAsync(string stageHash, int step, CancellationToken cancellationToken)
    {
        try
        {
            return await ReadStepManifestAsync(stageHash, step, cancellationToken).ConfigureAwait(false);
        }
        catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
        {
            return null;
        }
    }

    private async Task DeleteManifestAsync(string name, string label, CheckpointManifest? manifest, CancellationToken cancellationToken)
    {
        // First the list: should we die in between, the blobs are still referred to, and the next deletion writes a list again.
        if (manifest is not null) await DiscardAsync(label, manifest, cancellationToken).ConfigureAwait(false);
        await _objects.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
    }

    private Task DiscardAsync(string label, CheckpointManifest manifest, CancellationToken cancellationToken)
    {
        var list = new GarbageList([.. manifest.Files.Select(file => file.Digest).Distinct(StringComparer.Ordinal)]);
        return _objects.PutAsync(
            $"{StorageLayout.Garbage}{label}-{Guid.NewGuid():N}.json", JsonSerializer.SerializeToUtf8Bytes(list, GarbageJson.Default.GarbageList), cancellationToken);
    }

    private static GarbageList? Garbage(StoredObject stored)
    {
        try
        {
            var list = JsonSerializer.Deserialize(stored.Content.Span, GarbageJson.Default.GarbageList);
            return list?.Digests is { } digests && digests.All(ObjectName.IsDigest) ? list : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Digests that any manifest refers to; null when a final manifest is unreadable, for then nobody knows.</summary>
    private async Task<HashSet<string>?> ReferredAsync(CancellationToken cancellationToken)
    {
        var referred = new HashSet<string>(StringComparer.Ordinal);
        var seen = new Dictionary<(string, string), IReadOnlySet<string>>();
        await foreach (var item in _objects.ListAsync(StorageLayout.Stages, cancellationToken).ConfigureAwait(false))
        {
            if (!StorageLayout.IsManifest(item.Name)) continue;
            if (!_referred.TryGetValue((item.Name, item.Version), out var digests))
            {
                if (await _objects.ReadAsync(item.Name, cancellationToken).ConfigureAwait(false) is not { } stored) continue;
                try
                {
                    digests = Manifests.Read(stored.Content, _objects.Describe(item.Name)).Files.Select(file => file.Digest).ToHashSet(StringComparer.Ordinal);
                }
                catch (StageFailureException error) when (error.ExitCode == ExitCodes.BadData)
                {
                    if (item.Name.Contains("/steps/", StringComparison.Ordinal)) continue;
                    _options.OnWarning($"no blob is deleted while a final manifest is unreadable: {error.Message}");
                    return null;
                }
            }

            seen[(item.Name, item.Version)] = digests;
            referred.UnionWith(digests);
        }

        _referred = seen;
        return referred;
    }
}
