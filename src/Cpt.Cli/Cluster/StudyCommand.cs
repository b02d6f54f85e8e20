using System.CommandLine;
using System.Text.Json;
using Cpt.Api;
using Cpt.Cli.Commands;
using Cpt.Cli.Status;
using Cpt.Cli.Studies;
using Cpt.Cli.Studies.Display;
using Cpt.Cli.Studies.Reports;
using Cpt.Contract;
using Cpt.Runs;

namespace Cpt.Cli.Cluster;

/// <summary><c>kubectl cpt study NAME</c>: the table of a study on a cluster with intervals and tests, which its status has no room for.</summary>
internal static class StudyCommand
{
    public static Command Create(ClusterOptions options, string program)
    {
        var name = new Argument<string?>("STUDY") { Description = "Name of the study; may be left out where the namespace has only one", Arity = ArgumentArity.ZeroOrOne };
        var output = Forms.Option(Forms.Table, Forms.Json, Forms.Yaml, Forms.Csv);
        var report = RunOptions.NotEmpty(new Option<string?>("--report") { Description = "Also write the report (HTML) to this file", HelpName = "FILE" });
        var markdown = RunOptions.NotEmpty(new Option<string?>("--markdown") { Description = "Also write the tables to this file", HelpName = "FILE" });
        var command = new Command("study", "The table of a study: means, deviations, differences from the baseline")
        {
            name, output, report, markdown,
        }.WithExamples($"""
            Made from the runs as they are now. -o csv has a row for each run.

              {program} study methods
              {program} study methods --report methods.html --markdown methods.md
            """);
        command.SetAction((result, stop) => ClusterErrors.GuardAsync(result, options, stop, async session =>
        {
            var found = await FindAsync(session, result.GetValue(name));
            var results = await GatherAsync(session, found);
            switch (result.GetValue(output))
            {
                case Forms.Csv:
                    await session.Output.WriteAsync(StudyCsv.Of(results));
                    break;
                case Forms.Json or Forms.Yaml:
                    await Forms.WriteAsync(session.Output, StudyDocument.Of(results), CliJson.Readable.StudyDocument, result.GetValue(output)!);
                    break;
                default:
                    StudyTables.Write(Forms.ConsoleOn(session.Output), results, []);
                    break;
            }

            var origin = new Origin($"{program} study {results.Study.Metadata.Name} --namespace {session.Namespace}", "a cluster", null, $"cpt {Versions.Own}", session.Time.GetUtcNow());
            new StudyFiles(result.GetValue(report), null, result.GetValue(markdown)).Write(results, origin, YamlText.Of(JsonSerializer.SerializeToNode(results.Study, ApiJson.Default.ContinualStudy)));
            return ExitCodes.Done;
        }));
        return command;
    }

    private static async Task<ContinualStudy> FindAsync(ClusterSession session, string? name)
    {
        if (name is not null)
        {
            return Read(await session.Client.GetAsync<StudyObject>(name.Split('/')[^1], session.Namespace, session.Stop));
        }

        var studies = (await session.Client.ListAsync<StudyObject>(new() { Namespace = session.Namespace }, session.Stop)).Items;
        return studies.Count switch
        {
            1 => Read(studies[0]),
            0 => throw new CliException(ClusterErrors.ExitCode, $"No studies found in {session.Namespace} namespace."),
            _ => throw new CliException(ClusterErrors.ExitCode, $"error: {session.Namespace} namespace has several studies; name one: {string.Join(", ", studies.Select(study => study.Metadata.Name))}"),
        };
    }

    private static ContinualStudy Read(StudyObject study)
    {
        try
        {
            return StudyDefaults.Apply(study.ToStudy() with { Status = null, Metadata = new ObjectMeta { Name = study.Metadata.Name!, Namespace = study.Metadata.Namespace, Uid = study.Metadata.Uid } });
        }
        catch (ManifestException fault)
        {
            throw new CliException(ExitCodes.BadData, "error: the study's spec cannot be read:\n" + fault.Message);
        }
    }

    /// <summary>Tokens and the instance filter's share stand in storage, which is not asked; times are those that the status has.</summary>
    private static async Task<StudyResults> GatherAsync(ClusterSession session, ContinualStudy study)
    {
        var wanted = StudyValidator.Expand(study, out var errors);
        if (errors.Count > 0)
        {
            throw new CliException(ExitCodes.BadSpec, "error: the study cannot be carried out:\n" + string.Join('\n', errors));
        }

        var listed = await session.Client.ListAsync<RunObject>(new() { Namespace = session.Namespace, LabelSelector = $"{StudyLabels.Study}={study.Metadata.Name}" }, session.Stop);
        var owned = listed.Items.Where(run => run.Metadata.OwnerReferences?.Exists(owner => owner.Uid == study.Metadata.Uid) == true).ToDictionary(run => run.Metadata.Name!, StringComparer.Ordinal);
        return new StudyResults(study, [.. wanted.Select(run => Facts(run, owned.GetValueOrDefault(run.Run.Metadata.Name)))]);
    }

    private static StudyRunFacts Facts(StudyRun wanted, RunObject? seen)
    {
        var status = seen is null
            ? StatusDocuments.OfCluster(wanted.Run) with { Message = null }
            : StatusDocuments.OfCluster(RunArgument.Read(seen));
        var seconds = status.Stages.Select(stage => stage.DurationSeconds).ToList();
        return new StudyRunFacts { Variant = wanted.Variant, Seed = wanted.Seed, Status = status, Seconds = seconds.Contains(null) ? null : seconds.Sum() };
    }
}
