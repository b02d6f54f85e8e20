using System.CommandLine;
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
        var storage = RunOptions.NotEmpty(new Option<string?>("--storage") { Description = "Instead of a work directory: the run's storage", HelpName = "URI" });
        var name = RunOptions.NotEmpty(new Option<string?>("--run") { Description = "With --storage: whose model there", HelpName = "[NAMESPACE/]NAME" });
        var stage = new Option<string?>("--stage") { Description = "Whose model (default: of the last finished stage)", HelpName = "NAME" };
        var adapter = AdapterOption();
        var output = RunOptions.NotEmpty(new Option<string>("--output", "-o") { Description = "A directory that does not exist yet, or is empty", HelpName = "DIR", Required = true });
        var command = new Command("export", "Write a stage's model as a Hugging Face directory")
        {
            file, workdir, storage, name, stage, adapter, output,
        }.WithExamples("""
            Every file is verified against its digest; the directory appears when it is whole. transformers and vLLM load it, and
            baseModel.uri of another run may name it.

              cpt model export --output my-model                     the last finished stage of the only run in .cpt/
              cpt model export --workdir .cpt/quickstart --stage half --output after-half
              cpt model export --stage half --adapter --output half-lora
              cpt model export --storage azblob://checkpoints/demo --run ml/demo --output my-model

            With --storage nothing but the storage is needed: it knows the stages of each run. Its credentials are read from the environment (docs/storage.md).

            Exit codes: 0 done; 64 the output is in the way, there is no such stage, or it trained no LoRA; 65 a stored file is damaged;
            66 nothing is finished yet; 69 storage unavailable or disk full.
            """);
        command.Validators.Add(result =>
        {
            if (result.GetResult(storage) is null != result.GetResult(name) is null)
            {
                result.AddError("--storage and --run belong together: --storage azblob://checkpoints/demo --run ml/demo");
            }
            else if (result.GetResult(storage) is not null && (result.GetResult(workdir) ?? result.GetResult(file)) is not null)
            {
                result.AddError("--storage takes the place of --workdir and --file; name one of them");
            }
        });
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => result.GetValue(storage) is { } uri
            ? ExportStoredAsync(uri, result.GetRequiredValue(name!)!, result.GetValue(stage), result.GetValue(adapter), result.GetRequiredValue(output), result.InvocationConfiguration)
            : ExportAsync(
                RunOptions.Existing(result.GetValue(workdir), result.GetValue(file)),
                result.GetValue(stage),
                result.GetValue(adapter),
                result.GetRequiredValue(output),
                result.InvocationConfiguration)));
        return command;
    }

    internal static Option<bool> AdapterOption() => new("--adapter") { Description = "The LoRA alone, as a PEFT directory, instead of the model it is merged into" };

    private static async Task<int> ExportStoredAsync(string uri, string name, string? stageName, bool adapter, string output, InvocationConfiguration console)
    {
        var (ns, run) = name.Split('/', 2) is [var before, var after] ? (before, after) : (RunDefaults.Namespace, name);
        using var signals = new StopSignals(() => console.Error.WriteLine("Stopping."));
        try
        {
            var store = CheckpointStore.Open(uri, new StorageOptions { OnWarning = console.Error.WriteLine });
            var record = await store.ReadRunAsync(ns, run, signals.Stop)
                ?? throw new CliException(ExitCodes.InputNotFound, $"--run: {store.Location} knows no run {ns}/{run} with a finished stage (runs/{ns}.{run}/run.json)");
            var known = stageName is null ? record.Stages[^1] : record.Stages.FirstOrDefault(stage => stage.Name == stageName)
                ?? throw new CliException(ExitCodes.BadSpec, $"--stage: run {ns}/{run} has no finished stage {stageName} there; finished are {string.Join(", ", record.Stages.Select(stage => stage.Name))}");
            await console.Output.WriteLineAsync(await ModelDirectory.WriteAsync(
                store, run, new FinishedStage(known.Name, known.StageHash, known.ModelDigest), adapter, output, "Restore it; its run's record is there alone.", signals.Stop));
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCodes.Stopped;
        }
    }

    private static async Task<int> ExportAsync(WorkDirectory work, string? stageName, bool adapter, string output, InvocationConfiguration console)
    {
        var stored = RunSource.Stored(work) ?? throw StatusCommand.NotStarted(work);
        var stage = FinishedStage.Of(stored.Run, StatusFile.Read(work), stageName, "cpt status");
        using var signals = new StopSignals(() => console.Error.WriteLine("Stopping."));
        try
        {
            var store = CheckpointStore.Open(stored.Run.Spec.Storage.Uri, new LocalEnvironment(work).StorageOptions(console.Error.WriteLine));
            await console.Output.WriteLineAsync(await ModelDirectory.WriteAsync(
                store, stored.Run.Metadata.Name, stage, adapter, output,
                $"Restore it, or delete {WorkDirectory.Shorten(work.StatusFile)}: the same cpt run then trains what is missing.",
                signals.Stop));
            return ExitCodes.Done;
        }
        catch (OperationCanceledException) when (signals.Stop.IsCancellationRequested)
        {
            return ExitCodes.Stopped;
        }
    }
}
