using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Storage;

public sealed partial class CheckpointStore
{
    /// <summary>What an earlier attempt sampled before its first step, or null. A damaged chunk counts as missing, with a warning: it can be sampled again.</summary>
    public async Task<RolloutChunk?> ReadRolloutsAsync(string stageHash, int index, CancellationToken cancellationToken = default)
    {
        var name = StorageLayout.RolloutChunk(stageHash, index);
        if (await _objects.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } stored) return null;
        string fault;
        try
        {
            var chunk = JsonSerializer.Deserialize(stored.Content.Span, ContractJson.Default.RolloutChunk);
            if (chunk is { Samples: not null, Version: RolloutChunk.CurrentVersion } && chunk.Index == index) return chunk;
            fault = $"index {chunk?.Index}, version {chunk?.Version}; expected {index} and {RolloutChunk.CurrentVersion}";
        }
        catch (JsonException error)
        {
            fault = error.Message;
        }

        _options.OnWarning($"{_objects.Describe(name)}: no such rollouts, they are sampled again: {fault}");
        return null;
    }

    /// <summary>Replaces a chunk at once: two attempts that sample the same write the same.</summary>
    public Task WriteRolloutsAsync(string stageHash, RolloutChunk chunk, CancellationToken cancellationToken = default) =>
        _objects.PutAsync(StorageLayout.RolloutChunk(stageHash, chunk.Index), JsonSerializer.SerializeToUtf8Bytes(chunk, ContractJson.Default.RolloutChunk), cancellationToken);

    /// <summary>What the probe before a stage found, or null. A damaged report counts as missing, with a warning.</summary>
    public async Task<ProbeReport?> ReadProbeAsync(string stageHash, CancellationToken cancellationToken = default)
    {
        var name = StorageLayout.Probe(stageHash);
        if (await _objects.ReadAsync(name, cancellationToken).ConfigureAwait(false) is not { } stored) return null;
        try
        {
            return JsonSerializer.Deserialize(stored.Content.Span, ContractJson.Default.ProbeReport);
        }
        catch (JsonException error)
        {
            _options.OnWarning($"{_objects.Describe(name)}: no report of a probe, it is made again: {error.Message}");
            return null;
        }
    }

    /// <summary>Replaces a stage's report at once.</summary>
    public Task WriteProbeAsync(string stageHash, ProbeReport report, CancellationToken cancellationToken = default) =>
        _objects.PutAsync(StorageLayout.Probe(stageHash), JsonSerializer.SerializeToUtf8Bytes(report, ContractJson.Default.ProbeReport), cancellationToken);

    private async Task DeleteRolloutsAsync(string stageHash, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var item in _objects.ListAsync(StorageLayout.Rollouts(stageHash), cancellationToken).ConfigureAwait(false)) names.Add(item.Name);
        foreach (var name in names) await _objects.DeleteAsync(name, cancellationToken).ConfigureAwait(false);
    }
}
