using System.CommandLine;
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
        var output = RunOptions.NotEmpty(new Option<string>("--output", "-o") { Description = "A directory that does not exist yet, or is empty", HelpName = "DIR", Required = true });
        var command = new Command("export", "Write a stage's model as a Hugging Face directory")
        {
            file, workdir, stage, output,
        }.WithExamples("""
            Every file is verified against its digest; the directory appears when it is whole. transformers and vLLM load it, and
            baseModel.uri of another run may name it.

              cpt model export --output my-model                     the last finished stage of the only run in .cpt/
              cpt model export --workdir .cpt/quickstart --stage half --output after-half

            Exit codes: 0 done; 64 the output is in the way, or there is no such stage; 65 a stored file is damaged;
            66 nothing is finished yet; 69 storage unavailable or disk full.
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, () => ExportAsync(
            RunOptions.Existing(result.GetValue(workdir), result.GetValue(file)),
            result.GetValue(stage),
            result.GetRequiredValue(output),
            result.InvocationConfiguration)));
        return command;
    }

    private static async Task<int> ExportAsync(WorkDirectory work, string? stageName, string output, InvocationConfiguration console)
    {
        var stored = RunSource.Stored(work) ?? throw StatusCommand.NotStarted(work);
        var stage = FinishedStage.Of(stored.Run, StatusFile.Read(work), stageName, "cpt status");
        using var signals = new StopSignals(() => console.Error.WriteLine("Stopping."));
        try
        {
            var store = CheckpointStore.Open(stored.Run.Spec.Storage.Uri, new LocalEnvironment(work).StorageOptions(console.Error.WriteLine));
            await console.Output.WriteLineAsync(await ModelDirectory.WriteAsync(
                store, stored.Run.Metadata.Name, stage, output,
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
