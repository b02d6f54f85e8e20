using System.CommandLine;
using System.Globalization;
using Cpt.Api;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model export</c>: a stage's model out of storage, as a Hugging Face directory.</summary>
internal static class ModelExportCommand
{
    public static Command Create()
    {
        var file = RunOptions.File();
        var workdir = RunOptions.Workdir();
        var stage = new Option<string?>("--stage") { Description = "Whose model (default: of the last finished stage)", HelpName = "NAME" };
        var adapter = new Option<bool>("--adapter") { Description = "The LoRA alone, as a PEFT directory, instead of the model it is merged into" };
        var output = RunOptions.NotEmpty(new Option<string>("--output", "-o") { Description = "A directory that does not exist yet, or is empty", HelpName = "DIR", Required = true });
        var command = new Command("export", "Write a stage's model as a Hugging Face directory")
        {
            file, workdir, stage, adapter, output,
        }.WithExamples("""
            Every file is verified against its digest; the directory appears when it is whole. transformers and vLLM load it, and
            baseModel.uri of another run may name it.

              cpt model export --output my-model                     the last finished stage of the only run in .cpt/
              cpt model export --workdir .cpt/quickstart --stage half --output after-half
              cpt model export --stage half --adapter --output half-lora

            Exit codes: 0 done; 64 the output is in the way, there is no such stage, or it trained no LoRA; 65 a stored file is damaged;
            66 nothing is finished yet; 69 storage unavailable or disk full.
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => ExportAsync(
            RunOptions.Existing(result.GetValue(workdir), result.GetValue(file)),
            result.GetValue(stage),
            result.GetValue(adapter),
            result.GetRequiredValue(output),
            result.InvocationConfiguration)));
        return command;
    }

    private static async Task<int> ExportAsync(WorkDirectory work, string? stageName, bool adapter, string output, InvocationConfiguration console)
    {
        var stored = RunSource.Stored(work) ?? throw StatusCommand.NotStarted(work);
        var stage = Finished(stored.Run, StatusFile.Read(work), stageName);
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        RefuseOccupied(target);

        using var signals = new StopSignals(() => console.Error.WriteLine("Stopping."));
        var store = CheckpointStore.Open(stored.Run.Spec.Storage.Uri, new LocalEnvironment(work).StorageOptions(console.Error.WriteLine));
        var partial = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial");
        try
        {
            var manifest = await store.ReadManifestAsync(stage.StageHash!, signals.Stop)
                ?? throw new CliException(ExitCodes.InputNotFound, $"{store.Location} no longer holds the checkpoint of stage {stage.Name} (stages/{stage.StageHash}/manifest.json). Restore it, or delete {WorkDirectory.Shorten(work.StatusFile)}: the same cpt run then trains what is missing.");
            if (manifest.ModelDigest != stage.CheckpointDigest)
            {
                throw new CliException(ExitCodes.BadData, $"{store.Location} holds model {manifest.ModelDigest} for stage {stage.Name}, but the run ended with {stage.CheckpointDigest}.");
            }

            if (adapter)
            {
                manifest = Adapter(manifest, stage.Name);
            }

            await store.DownloadAsync(manifest, partial, adapter ? null : [FileRole.Model], cancellationToken: signals.Stop);
            Publish(partial, target);
            await console.Output.WriteLineAsync($"{WorkDirectory.Shorten(target)}: {(adapter ? "LoRA of" : "model")} {manifest.ModelDigest[..12]} after stage {stage.Name}");
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCodes.Stopped;
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
        const string folder = "adapter/";
        var files = manifest.Files.Where(file => file.Path.StartsWith(folder, StringComparison.Ordinal)).Select(file => file with { Path = file.Path[folder.Length..] }).ToList();
        return files.Count > 0
            ? manifest with { Files = files }
            : throw new CliException(ExitCodes.BadSpec, $"--adapter: stage {stage} trained the weights themselves, so there is no LoRA to export; stages with lora in the manifest have one");
    }

    private static StageStatus Finished(ContinualRun run, ContinualRunStatus? status, string? name)
    {
        var finished = (status?.Stages ?? []).Where(stage => stage is { StageHash: not null, CheckpointDigest: not null }).ToList();
        var order = run.Spec.Stages.Select(stage => stage.Name).ToList();
        if (name is not null && !order.Contains(name, StringComparer.Ordinal))
        {
            throw new CliException(ExitCodes.BadSpec, $"--stage: there is no stage {name} in run {run.Metadata.Name}; its stages are {string.Join(", ", order)}");
        }

        var found = order.Where(stage => name is null || stage == name)
            .Select(stage => finished.Find(known => known.Name == stage))
            .LastOrDefault(stage => stage is not null);
        return found ?? throw new CliException(
            ExitCodes.InputNotFound,
            name is null ? $"No stage of run {run.Metadata.Name} is finished yet; see cpt status." : $"Stage {name} of run {run.Metadata.Name} is not finished yet; see cpt status.");
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
