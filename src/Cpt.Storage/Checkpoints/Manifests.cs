using System.Text.Json;
using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>Reads, writes and checks manifests.</summary>
internal static class Manifests
{
    public static byte[] Write(CheckpointManifest manifest) => JsonSerializer.SerializeToUtf8Bytes(manifest, ContractJson.Default.CheckpointManifest);

    /// <exception cref="StageFailureException">65: it is cut off, is not JSON, or contradicts itself.</exception>
    public static CheckpointManifest Read(ReadOnlyMemory<byte> content, string where)
    {
        CheckpointManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize(content.Span, ContractJson.Default.CheckpointManifest) ?? throw new JsonException("it says null");
        }
        catch (JsonException error)
        {
            throw StorageErrors.Corrupt($"{where}: not a checkpoint manifest ({content.Length} bytes): {error.Message}", error);
        }

        if (Fault(manifest) is { } fault) throw StorageErrors.Corrupt($"{where}: {fault}");
        return manifest;
    }

    /// <summary>What is wrong with a manifest in itself, or null.</summary>
    public static string? Fault(CheckpointManifest manifest)
    {
        if (manifest.Version != 1) return $"version {manifest.Version} is not known; this program reads version 1";
        if (manifest.Files is not { Count: > 0 } files) return "files: it lists none";
        if (files.FirstOrDefault(file => !ObjectName.IsSafe(file.Path ?? "")) is { } outside) return $"files: \"{outside.Path}\" is not a path inside the checkpoint";
        if (files.FirstOrDefault(file => !ObjectName.IsDigest(file.Digest) || file.Size < 0) is { } bad) return $"files: {bad.Path}: digest \"{bad.Digest}\", size {bad.Size}: not a SHA-256 and a size";
        if (files.GroupBy(file => file.Path, StringComparer.Ordinal).FirstOrDefault(group => group.Skip(1).Any()) is { } twice) return $"files: {twice.Key} is listed twice";
        if (files.FirstOrDefault(file => file.Role == FileRole.Model && !ModelFiles.Belongs(file.Path)) is { } foreign)
            return $"files: {foreign.Path} has the role Model, but is not a file that belongs to a model";
        var digest = ModelDigest(files);
        if (manifest.ModelDigest != digest) return $"modelDigest: found {manifest.ModelDigest}, expected {digest} over the files it lists";
        if (manifest is { Kind: CheckpointKind.Final, StoppedEarly: false } && manifest.Step < manifest.StepsDue)
            return $"final after {manifest.Step} of {manifest.StepsDue} steps, and not stopped early";
        return null;
    }

    public static string ModelDigest(IEnumerable<CheckpointFile> files) =>
        Digests.OfFiles(files.Where(file => file.Role == FileRole.Model).Select(file => (file.Path, file.Digest)));

    /// <summary>True when both commits hold the same result; who wrote it, when, and the curves beside it do not matter.</summary>
    public static bool SameResult(CheckpointManifest one, CheckpointManifest other) =>
        one.Kind == other.Kind && one.StageHash == other.StageHash && one.Step == other.Step && one.ModelDigest == other.ModelDigest && State(one) == State(other);

    private static string State(CheckpointManifest manifest) =>
        Digests.OfFiles(manifest.Files.Where(file => file.Role == FileRole.State).Select(file => (file.Path, file.Digest)));
}
