using System.CommandLine;
using System.Globalization;
using Cpt.Cli.Running;
using Cpt.Contract;
using Cpt.Models;
using Cpt.Torch;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt model merge</c>: a LoRA added to the weights of its model.</summary>
internal static class ModelMergeCommand
{
    public static Command Create()
    {
        var model = ModelCommand.ModelOption();
        var adapter = RunOptions.NotEmpty(new Option<string>("--adapter") { Description = "A PEFT directory: adapter_config.json and adapter_model.safetensors", HelpName = "DIR", Required = true });
        var output = RunOptions.NotEmpty(new Option<string>("--output", "-o") { Description = "A directory that does not exist yet, or is empty", HelpName = "DIR", Required = true });
        var type = new Option<string?>("--dtype") { Description = "float32 or bfloat16 (default: as the model's weights are)", HelpName = "TYPE" };
        type.AcceptOnlyFromAmong("float32", "bfloat16");
        var command = new Command("merge", "Add a LoRA (PEFT) to the weights of its model") { model, adapter, output, type }.WithExamples("""
            Writes a Hugging Face directory that needs no adapter. Sums are computed in float32 and rounded once; shards without a changed weight stay the same files.

              cpt model merge --model qwen2.5-7b --adapter my-adapter --output merged

            Exit codes: 0 done; 64 the output is in the way; 65 a file is damaged, or the adapter is of another model or kind; 66 a file is missing; 69 disk full.
            """);
        command.SetAction(result => CommandErrors.GuardAsync(result, () => Task.FromResult(ModelCommand.Reporting(result, console =>
        {
            Merge(result.GetRequiredValue(model), result.GetRequiredValue(adapter), result.GetRequiredValue(output), result.GetValue(type), console);
            return ExitCodes.Done;
        }))));
        return command;
    }

    private static void Merge(string model, string adapter, string output, string? type, TextWriter console)
    {
        var target = Path.TrimEndingDirectorySeparator(Path.GetFullPath(output));
        ModelDirectory.RefuseOccupied(target);
        var partial = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetFileName(target)}.{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}.partial");
        try
        {
            using var scope = torch.NewDisposeScope();
            using var merged = CausalLM.Load(model, type switch { "float32" => ScalarType.Float32, "bfloat16" => ScalarType.BFloat16, _ => null });
            merged.Attach(LoraFiles.Load(merged, adapter));
            var layers = merged.Adapter!.Layers().Count();
            merged.MergeAdapter();
            merged.Save(partial);
            ModelDirectory.Publish(partial, target);
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{WorkDirectory.Shorten(target)}: {layers} layers changed, weights in {merged.dtype.ToString().ToLowerInvariant()}"));
        }
        finally
        {
            if (Directory.Exists(partial))
            {
                Directory.Delete(partial, recursive: true);
            }
        }
    }
}
