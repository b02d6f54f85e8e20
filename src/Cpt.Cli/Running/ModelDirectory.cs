using System.Globalization;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Running;

/// <summary>A committed model, written as a directory of its own: there whole, or not at all.</summary>
internal static class ModelDirectory
{
    /// <param name="store">Where the stage is committed.</param>
    /// <param name="run">Of whom messages speak.</param>
    /// <param name="stage">Its hash and checkpoint digest are known.</param>
    /// <param name="adapter">The LoRA that the stage trained, instead of the model.</param>
    /// <param name="output">As typed: does not exist yet, or is empty.</param>
    /// <param name="whenGone">What to do where the storage has lost it.</param>
    /// <param name="cancellation">Leaves nothing behind.</param>
    /// <returns>One line to be printed.</returns>
    /// <exception cref="CliException">64 the output is in the way, or there is no LoRA; 65 another model is stored; 66 none is.</exception>
    public static async Task<string> WriteAsync(CheckpointStore store, string run, FinishedStage stage, bool adapter, string output, string whenGone, CancellationToken cancellation)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        RefuseOccupied(target);
        var partial = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial");
        try
        {
            var manifest = await store.ReadManifestAsync(stage.Hash, cancellation)
                ?? throw new CliException(ExitCodes.InputNotFound, $"{store.Location} no longer holds the checkpoint of stage {stage.Name} (stages/{stage.Hash}/manifest.json). {whenGone}");
            if (manifest.ModelDigest != stage.ModelDigest)
            {
                throw new CliException(ExitCodes.BadData, $"{store.Location} holds model {manifest.ModelDigest} for stage {stage.Name}, but run {run} ended with {stage.ModelDigest}.");
            }

            await store.DownloadAsync(adapter ? Adapter(manifest, stage.Name) : manifest, partial, adapter ? null : [FileRole.Model], cancellationToken: cancellation);
            Publish(partial, target);
            return $"{WorkDirectory.Shorten(target)}: {(adapter ? "LoRA of" : "model")} {manifest.ModelDigest[..12]} after stage {stage.Name}";
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }

    /// <summary>The adapter's files, at the top of the directory.</summary>
    private static CheckpointManifest Adapter(CheckpointManifest manifest, string stage)
    {
        const string Folder = "adapter/";
        var files = manifest.Files.Where(file => file.Path.StartsWith(Folder, StringComparison.Ordinal)).Select(file => file with { Path = file.Path[Folder.Length..] }).ToList();
        return files.Count > 0
            ? manifest with { Files = files }
            : throw new CliException(ExitCodes.BadSpec, $"--adapter: stage {stage} trained the weights themselves, so there is no LoRA to export; stages with lora in the manifest have one");
    }

    internal static void RefuseOccupied(string target)
    {
        if (File.Exists(target) || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()))
        {
            throw new CliException(ExitCodes.BadSpec, $"--output: {WorkDirectory.Shorten(target)} is {(File.Exists(target) ? "a file" : "not empty")}, and nothing is overwritten; name a directory that does not exist yet");
        }
    }

    /// <summary>One rename: whoever looks sees nothing or all of it.</summary>
    internal static void Publish(string partial, string target)
    {
        RefuseOccupied(target);
        if (Directory.Exists(target))
        {
            Directory.Delete(target);
        }

        Directory.Move(partial, target);
        Libc.SyncDirectory(Path.GetDirectoryName(target)!);
    }
}
