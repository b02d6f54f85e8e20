using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>The table of a study on a real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class StudyCommandTests(ApiServer server)
{
    [Fact]
    public async Task TheTableIsMadeFromTheRunsThatTheStudyOwns()
    {
        var ns = await server.StartAsync();
        var study = await server.Client.CreateAsync(StudyObject.Of(Study(ns)));
        foreach (var wanted in StudyValidator.Expand(Study(ns), out _).Where(run => run.Run.Metadata.Name != "methods-other-2"))
        {
            var run = RunObject.Of(wanted.Run);
            run.Metadata.OwnerReferences = [OwnerReference.ControllerOf(study)];
            await server.Client.CreateAsync(run);
            await server.SetStatusAsync(ns, wanted.Run.Metadata.Name, SampleRun.Finished());
        }

        var result = await server.RunAsync(ns, "study");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("methods: 3 of 4 runs finished", result.Output, StringComparison.Ordinal);
        Assert.Contains("methods-other-2: not started", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"plain \(baseline\)\s+│\s+2\s+│.*92\.4 ± 0\.0", result.Output);

        var json = (await server.RunAsync(ns, "study", "cstudy/methods", "-o", "json")).Json;
        Assert.Equal((3, 92.4, 1), (json.GetProperty("finished").GetInt32(), json.GetProperty("variants")[0].GetProperty("measures").GetProperty("averageAccuracy").GetProperty("mean").GetDouble(), json.GetProperty("variants")[1].GetProperty("fromBaseline").GetProperty("averageAccuracy").GetProperty("count").GetInt32()));
        Assert.Equal(5, (await server.RunAsync(ns, "study", "methods", "-o", "csv")).Output.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task AStudyThatIsNotThereIsNotFound()
    {
        var ns = await server.StartAsync();
        Assert.Equal($"No studies found in {ns} namespace.\n", (await server.RunAsync(ns, "study")).Error);
        Assert.Equal("Error from server (NotFound): continualstudies.cpt.dev \"nothing\" not found\n", (await server.RunAsync(ns, "study", "nothing")).Error);
    }

    private static ContinualStudy Study(string ns) => new()
    {
        ApiVersion = ContinualRun.GroupVersion,
        Kind = ContinualStudy.KindName,
        Metadata = new() { Name = "methods", Namespace = ns },
        Spec = new() { Base = SampleRun.Of("base").Spec, Seeds = [1, 2], Variants = [new StudyVariant { Name = "plain" }, new StudyVariant { Name = "other" }] },
    };
}
