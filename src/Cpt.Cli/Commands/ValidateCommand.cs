using System.CommandLine;
using System.Globalization;
using Cpt.Cli.Running;
using Cpt.Cli.Studies;
using Cpt.Contract;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt validate -f run.yaml</c>: all that is wrong with a manifest, with line and column; nothing is read but the manifest.</summary>
internal static class ValidateCommand
{
    public static Command Create()
    {
        var file = new Option<string[]>("--file", "-f") { Description = "The manifests (ContinualRun or ContinualStudy, YAML or JSON); - reads standard input, for a run", HelpName = "FILE", Required = true, AllowMultipleArgumentsPerToken = true };
        var command = new Command("validate", "Check manifests as strictly as a cluster does")
        {
            file,
        }.WithExamples("""
            Says everything that is wrong at once, as FILE:LINE:COLUMN: FIELD: MESSAGE; exit code 64 when something is.

              cpt validate -f examples/quickstart.yaml
              cpt validate -f examples/study/small.yaml          a study, and every run that it means
            """);
        command.SetAction((result, _) => CommandErrors.GuardAsync(result, async () =>
        {
            var worst = ExitCodes.Done;
            foreach (var path in result.GetRequiredValue(file))
            {
                try
                {
                    if (StudyPlace.IsStudy(path))
                    {
                        await result.InvocationConfiguration.Output.WriteLineAsync(Describe(path, StudySource.Load(path)));
                        continue;
                    }

                    var run = RunSource.Load(path).Run;
                    var stages = run.Spec.Stages;
                    var count = stages.Count.ToString(CultureInfo.InvariantCulture);
                    await result.InvocationConfiguration.Output.WriteLineAsync(
                        $"{path}: valid: ContinualRun {run.Metadata.Name}, {count} stage{(stages.Count == 1 ? "" : "s")} ({string.Join(", ", stages.Select(stage => $"{stage.Name} {stage.Method}"))})");
                }
                catch (CliException wrong)
                {
                    await result.InvocationConfiguration.Error.WriteLineAsync(wrong.Message);
                    worst = Math.Max(worst, wrong.ExitCode);
                }
            }

            return worst;
        }));
        return command;
    }

    private static string Describe(string path, StudySource source) => string.Create(
        CultureInfo.InvariantCulture,
        $"{path}: valid: ContinualStudy {source.Name}, {source.Runs.Count} runs: {source.Study.Spec.Variants.Count} variants ({string.Join(", ", source.Study.Spec.Variants.Select(variant => variant.Name))}) with {source.Study.Spec.Seeds.Count} seed{(source.Study.Spec.Seeds.Count == 1 ? "" : "s")}");
}
