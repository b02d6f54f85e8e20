using System.CommandLine;
using Cpt.Cli.Commands;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt export RUN</c>: a stage's model out of the run's storage, as <c>cpt model export</c> does for a local run.</summary>
internal static class ExportCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = RunArgument.One(options);
        var stage = new Option<string?>("--stage") { Description = "Whose model (default: of the last finished stage)", HelpName = "NAME" };
        stage.CompletionSources.Add(NameCompletion.Stages(options, name));
        var adapter = ModelExportCommand.AdapterOption();
        var output = RunOptions.NotEmpty(new Option<string>("--output", "-o") { Description = "A directory that does not exist yet, or is empty", HelpName = "DIR", Required = true });
        var storage = RunOptions.NotEmpty(new Option<string?>("--storage") { Description = "Where the run's storage is reached from here, if not at its own URI", HelpName = "URI" });
        var command = new Command("export", "Write a stage's model as a Hugging Face directory")
        {
            name, stage, adapter, output, storage,
        }.WithExamples($"""
            The model is read from the run's storage, with the credentials in this environment (docs/storage.md). Every file is verified against its digest; the directory appears
            when it is whole. transformers and vLLM load it.

              {program} export demo -o my-model                     the last finished stage
              {program} export demo --stage half -o after-half
              {program} export demo -o my-model --storage file:///mnt/checkpoints/demo
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var run = RunArgument.Read(await RunArgument.GetAsync(session, result.GetValue(name)));
            var finished = FinishedStage.Of(run, run.Status, result.GetValue(stage), $"{program} status {run.Metadata.Name}");
            var store = CheckpointStore.Open(result.GetValue(storage) ?? run.Spec.Storage.Uri, new StorageOptions { OnWarning = session.Error.WriteLine });
            await session.Output.WriteLineAsync(await ModelDirectory.WriteAsync(
                store, run.Metadata.Name, finished, result.GetValue(adapter), result.GetRequiredValue(output), "Is this the run's storage? --storage names another way to it.", stop));
            return ExitCodes.Done;
        }));
        return command;
    }
}
