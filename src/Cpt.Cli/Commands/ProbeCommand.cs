using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt probe</c>: whether RFT has something to learn from, before hours are spent.</summary>
internal static class ProbeCommand
{
    private static readonly ContractJson s_json = new(new JsonSerializerOptions(ContractJson.Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static Command Create()
    {
        var file = RunOptions.RequiredFile();
        var stage = RunOptions.NotEmpty(new Option<string?>("--stage") { Description = "The stage whose task and input model are probed (default: the first)", HelpName = "NAME" });
        var samples = NumberOption.Whole(new Option<int>("--samples") { Description = "Train samples that are asked", HelpName = "N", DefaultValueFactory = _ => 64 }, 1);
        var rollouts = NumberOption.Whole(new Option<int>("--rollouts") { Description = "Rollouts of each", HelpName = "K", DefaultValueFactory = _ => 8 }, 2);
        var device = DeviceOption.Create();
        var workdir = RunOptions.Workdir();
        var seed = RunOptions.Seed();
        var output = RunOptions.Output("text or json", "text", "json");
        var command = new Command("probe", "Say whether RFT has something to learn from on a stage's task, with its input model")
        {
            file, stage, samples, rollouts, device, workdir, seed, output,
        }.WithExamples("""
            Rolls out on some train samples as the stage would, and says how many groups are mixed (only these give a gradient), all wrong or all right, what the
            answers look like, and which method has something to learn from: RFT, RFT with instanceFilter, SFT, or nothing to learn. Nothing is trained or written.

            The first stage is probed with the base model; a later one with the result of the stage before it, which must be committed in the run's storage.

              cpt probe -f examples/quickstart.yaml
              cpt probe -f examples/quickstart.yaml --stage half --samples 128 --rollouts 16
              cpt probe -f run.yaml -o json | jq .verdict

            Exit codes: 0 whatever the verdict; 64 wrong manifest or usage; 65 bad data; 66 model, task or the stage before is not there; 69 storage unavailable.
            """);
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            var source = RunSource.Load(result.GetRequiredValue(file), result.GetValue(seed));
            var probing = new Probing
            {
                Source = source,
                Work = RunOptions.WorkdirOf(result.GetValue(workdir), source.Run.Metadata.Name),
                Stage = result.GetValue(stage),
                Samples = result.GetValue(samples),
                Rollouts = result.GetValue(rollouts),
                Device = DeviceOption.Of(result.GetRequiredValue(device)),
                Warn = message => result.InvocationConfiguration.Error.WriteLine(message),
            };
            var (name, report) = await probing.RunAsync(cancellation);
            var writer = result.InvocationConfiguration.Output;
            await writer.WriteLineAsync(result.GetValue(output) == "json" ? JsonSerializer.Serialize(report, s_json.ProbeReport) : ProbeText.Of(name, report));
            return ExitCodes.Done;
        }));
        return command;
    }
}
