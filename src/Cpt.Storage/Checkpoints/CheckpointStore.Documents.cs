using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    private const int MostMergeTries = 50;

    /// <summary>A row of the accuracy matrix, or null. A damaged one counts as missing, with a warning: it can be made again from the checkpoint.</summary>
    /// <param name="stageHash">The stage's, or <see cref="Digests.BaselineHash"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<EvaluationDocument?> ReadEvaluationAsync(string stageHash, CancellationToken cancellationToken = default)
    {
        var stored = await _objects.ReadAsync(StorageLayout.Evaluation(stageHash), cancellationToken).ConfigureAwait(false);
        return stored is null ? null : Parsed(stageHash, stored);
    }

    /// <summary>
    /// Adds scores to a row: a score of the same kind and task is replaced, others of the same model stay. Replaced at once, and safe beside another writer.
    /// </summary>
    /// <returns>The row as it now stands.</returns>
    public async Task<EvaluationDocument> WriteEvaluationAsync(EvaluationDocument evaluation, CancellationToken cancellationToken = default)
    {
        var name = StorageLayout.Evaluation(evaluation.StageHash);
        for (var attempt = 0; attempt < MostMergeTries; attempt++)
        {
            var stored = await _objects.ReadAsync(name, cancellationToken).ConfigureAwait(false);
            var merged = stored is null ? evaluation : Merged(Parsed(evaluation.StageHash, stored), evaluation);
            var content = JsonSerializer.SerializeToUtf8Bytes(merged, ContractJson.Default.EvaluationDocument);
            var written = stored is null
                ? await _objects.PutIfAbsentAsync(name, content, cancellationToken).ConfigureAwait(false)
                : await _objects.PutIfMatchAsync(name, content, stored.Version, cancellationToken).ConfigureAwait(false);
            if (written) return merged;
        }

        throw StorageErrors.Unavailable($"{_objects.Describe(name)}: others changed it {MostMergeTries} times while it was written");
    }

    /// <summary>What a person or a new cluster needs to find a run's stages, or null.</summary>
    /// <exception cref="StageFailureException">65: it is no such record.</exception>
    public async Task<RunRecord?> ReadRunAsync(string @namespace, string name, CancellationToken cancellationToken = default)
    {
        var path = StorageLayout.Run(@namespace, name);
        if (await _objects.ReadAsync(path, cancellationToken).ConfigureAwait(false) is not { } stored) return null;
        try
        {
            return JsonSerializer.Deserialize(stored.Content.Span, ContractJson.Default.RunRecord);
        }
        catch (JsonException error)
        {
            throw new StageFailureException(ExitCodes.BadData, "CorruptRun", $"{_objects.Describe(path)}: not a run's record: {error.Message}", error);
        }
    }

    /// <summary>Replaces a run's record at once.</summary>
    public Task WriteRunAsync(RunRecord run, CancellationToken cancellationToken = default) =>
        _objects.PutAsync(StorageLayout.Run(run.Namespace, run.Run), JsonSerializer.SerializeToUtf8Bytes(run, ContractJson.Default.RunRecord), cancellationToken);

    /// <summary>Deletes a run's record, not its stages: other runs may have reused those.</summary>
    public Task DeleteRunAsync(string @namespace, string name, CancellationToken cancellationToken = default) =>
        _objects.DeleteAsync(StorageLayout.Run(@namespace, name), cancellationToken);

    private EvaluationDocument? Parsed(string stageHash, StoredObject stored)
    {
        string fault;
        try
        {
            var document = JsonSerializer.Deserialize(stored.Content.Span, ContractJson.Default.EvaluationDocument);
            if (document is { Scores: not null } && document.StageHash == stageHash) return document;
            fault = $"stageHash: found {document?.StageHash}, expected {stageHash}";
        }
        catch (JsonException error)
        {
            fault = error.Message;
        }

        _options.OnWarning($"{_objects.Describe(StorageLayout.Evaluation(stageHash))}: not an evaluation, its scores are made again: {fault}");
        return null;
    }

    private static EvaluationDocument Merged(EvaluationDocument? before, EvaluationDocument added)
    {
        if (before is null || before.ModelDigest != added.ModelDigest) return added;
        var scores = before.Scores.ToList();
        foreach (var score in added.Scores)
        {
            var at = scores.FindIndex(known => known.Kind == score.Kind && known.Task == score.Task);
            if (at < 0) scores.Add(score);
            else scores[at] = score;
        }

        var drift = (added.Drift ?? []).Concat((before.Drift ?? []).Where(known => !(added.Drift ?? []).Any(one => one.Task == known.Task))).ToList();
        return added with { Scores = scores, Drift = drift.Count == 0 ? null : drift };
    }
}
