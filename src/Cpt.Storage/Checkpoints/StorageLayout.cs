using System.Globalization;

namespace Cpt.Storage;

/// <summary>Names of everything under <c>storage.uri</c>.</summary>
public static class StorageLayout
{
    public const string Blobs = "blobs/sha256/";
    public const string Stages = "stages/";
    public const string Runs = "runs/";

    /// <summary>Lists of blobs whose manifests were deleted; see docs/storage.md, retention.</summary>
    public const string Garbage = "garbage/";

    private const string ManifestFile = "manifest.json";

    public static string Blob(string digest) => Blobs + digest;

    public static string Manifest(string stageHash) => $"{Stages}{stageHash}/{ManifestFile}";

    public static string Steps(string stageHash) => $"{Stages}{stageHash}/steps/";

    public static string StepManifest(string stageHash, int step) => string.Create(CultureInfo.InvariantCulture, $"{Steps(stageHash)}{step}/{ManifestFile}");

    public static string Rollouts(string stageHash) => $"{Stages}{stageHash}/rollouts/";

    public static string RolloutChunk(string stageHash, int index) => string.Create(CultureInfo.InvariantCulture, $"{Rollouts(stageHash)}{index}.json");

    public static string Probe(string stageHash) => $"{Stages}{stageHash}/probe.json";

    public static string Evaluation(string stageHash) => $"{Stages}{stageHash}/evaluation.json";

    public static string Run(string @namespace, string name) => $"{Runs}{@namespace}.{name}/run.json";

    /// <summary>True for final and step manifests.</summary>
    internal static bool IsManifest(string name) => name.StartsWith(Stages, StringComparison.Ordinal) && name.EndsWith("/" + ManifestFile, StringComparison.Ordinal);

    /// <summary>The step of a name under <see cref="Steps"/>, or null.</summary>
    internal static int? StepOf(string stageHash, string name)
    {
        var parts = name[Steps(stageHash).Length..].Split('/');
        return parts is [var step, ManifestFile] && int.TryParse(step, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }
}
