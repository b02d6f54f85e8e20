using System.CommandLine;
using System.Text.Json;
using Cpt.Cli.Display;
using Cpt.Cli.Running;
using Cpt.Cli.Studies;
using Cpt.Contract;
using Cpt.Planning;
using Cpt.Storage;
using Spectre.Console;

namespace Cpt.Cli.Commands;

/// <summary><c>cpt plan</c>: asks the planner and carries nothing out. Reads the manifest, the inputs, the storage and the work directory; writes nothing.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var file = RunOptions.RequiredFile();
        var workdir = RunOptions.Workdir();
        var seed = RunOptions.Seed();
        var output = RunOptions.Output("text or json", "text", "json");
        var command = new Command("plan", "Say what cpt run or cpt study would do next and why, without doing it")
        {
            file, workdir, seed, output,
        }.WithExamples("""
            Reads the manifest, its inputs, the storage and the work directory; writes nothing.

              cpt plan -f examples/quickstart.yaml
              cpt plan -f examples/quickstart.yaml -o json
            """);
        command.SetAction((result, cancellation) => CommandErrors.GuardAsync(result, async () =>
        {
            if (StudyPlace.IsStudy(result.GetRequiredValue(file)))
            {
                return await StudyAsync(result, StudySource.Load(result.GetRequiredValue(file)), result.GetValue(workdir), result.GetValue(output) == "json", cancellation);
            }

            var source = RunSource.Load(result.GetRequiredValue(file), result.GetValue(seed));
            var work = RunOptions.WorkdirOf(result.GetValue(workdir), source.Run.Metadata.Name);
            var plan = await DecideAsync(source, work, message => result.InvocationConfiguration.Error.WriteLine(message), cancellation);
            var document = PlanDocument.Of(source.Run, plan);
            var writer = result.InvocationConfiguration.Output;
            if (result.GetValue(output) == "json")
            {
                await writer.WriteLineAsync(JsonSerializer.Serialize(document, CliJson.Readable.PlanDocument));
            }
            else
            {
                PlanText.Write(Console.IsOutputRedirected ? PlainConsole.On(writer) : AnsiConsole.Console, document, work);
            }

            return plan.Outcome == RunOutcome.Failed ? RunExit.Of(plan.Status) : ExitCodes.Done;
        }));
        return command;
    }

    /// <summary>Every run's own plan, one after another.</summary>
    private static async Task<int> StudyAsync(ParseResult result, StudySource source, string? workdir, bool json, CancellationToken cancellation)
    {
        var place = new StudyDirectory(workdir ?? Path.Combine(RunOptions.StateDirectory, source.Name));
        var writer = result.InvocationConfiguration.Output;
        var documents = new List<StudyPlanDocument>();
        foreach (var run in source.Runs)
        {
            var work = place.Run(run.Run.Metadata.Name);
            var plan = await DecideAsync(source.SourceOf(run), work, message => result.InvocationConfiguration.Error.WriteLine(message), cancellation);
            var document = PlanDocument.Of(run.Run, plan);
            documents.Add(new StudyPlanDocument(run.Run.Metadata.Name, run.Variant, run.Seed, document));
            if (!json)
            {
                await writer.WriteLineAsync(string.Create(
                    System.Globalization.CultureInfo.InvariantCulture,
                    $"{run.Run.Metadata.Name}: {string.Join(", ", document.Stages.Select(stage => $"{stage.Name} {stage.What}"))}{(plan.Outcome == RunOutcome.Failed ? $" ({document.Reason}: {document.Message})" : "")}"));
            }
        }

        if (json)
        {
            await writer.WriteLineAsync(JsonSerializer.Serialize([.. documents], CliJson.Readable.StudyPlanDocumentArray));
        }
        else
        {
            await writer.WriteLineAsync("Stages that variants share (equal training from equal input) are trained once; which ones is known once their input is.");
        }

        return documents.Exists(document => document.Plan.Outcome == nameof(RunOutcome.Failed)) ? RunExit.Failed : ExitCodes.Done;
    }

    private static async Task<Plan> DecideAsync(RunSource source, WorkDirectory work, Action<string> warn, CancellationToken cancellationToken)
    {
        var local = LocalRun.Peek(source, work, TimeProvider.System);
        var environment = new LocalEnvironment(work);
        var options = environment.StorageOptions(warn);
        using var scratch = new ScratchDirectory();
        var cache = Directory.Exists(work.CacheDirectory) ? work.CacheDirectory : scratch.Path;
        var lookups = new LocalLookups(CheckpointStore.Open(source.Run.Spec.Storage.Uri, options), new InputResolver(options), cache);
        var jobs = JobRecord.LoadAll(work);
        var observation = new Observation
        {
            Run = local.Run with { Status = local.Status },
            Jobs = [.. jobs.Select(job => LocalJobs.Observed(job, Alive(job)))],
            Now = TimeProvider.System.GetUtcNow(),
        };
        return Planner.Decide(await lookups.CompleteAsync(observation, cancellationToken));
    }

    private static bool Alive(JobRecord job) => job.IsActive && job.Runner.IsAlive;

    private sealed class ScratchDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("cpt-plan-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}
