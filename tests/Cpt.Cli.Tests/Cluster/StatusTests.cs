using System.Text.Json;
using Cpt.Api;
using Cpt.Kubernetes;
using Cpt.Runs;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>What is shown of runs on a real API server.</summary>
[Trait("Category", "Cluster")]
public sealed class StatusTests(ApiServer server)
{
    [Fact]
    public async Task StatusShowsStagesMatrixConditionsAndEvents()
    {
        var ns = await server.StartAsync();
        var run = await server.CreateAsync(ns, "demo", SampleRun.Training());
        await EventAsync(ns, run, "StageStarted", "Stage half, attempt 2");
        await EventAsync(ns, run with { Metadata = run.Metadata with { Uid = "another-one" } }, "Old", "of an earlier run of this name");
        var result = await server.RunAsync(ns, "status", "demo");
        Assert.True(result.ExitCode == 0, result.ToString());
        Assert.Contains("demo running", result.Output, StringComparison.Ordinal);
        Assert.Matches(@"base\s+│\s+43\.4", result.Output);
        Assert.Matches(@"half\s+RFT\s+Running\s+40/200\s+2", result.Output);
        Assert.Matches(@"some 8 min", result.Output);
        Assert.Matches(@"Accepted\s+True\s+Valid", result.Output);
        Assert.Matches(@"Normal\s+StageStarted\s+\d+s\s+Stage half, attempt 2", result.Output);
        Assert.DoesNotContain("of an earlier run", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task StatusAsJsonHasTheFieldsOfALocalRunsStatus()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Finished());
        var status = (await server.RunAsync(ns, "status", "crun/demo", "-o", "json")).Json;
        Assert.Equal("demo", status.GetProperty("run").GetString());
        Assert.Equal(ns, status.GetProperty("namespace").GetString());
        Assert.Equal("Succeeded", status.GetProperty("state").GetString());
        Assert.Equal(-8.6, status.GetProperty("forgetting").GetDouble());
        Assert.Equal(["base", "parity", "half"], status.GetProperty("rows").EnumerateArray().Select(row => row.GetString()));
        Assert.Equal(JsonValueKind.Null, status.GetProperty("matrix")[1][1].ValueKind);
        Assert.Equal(200, status.GetProperty("stages")[0].GetProperty("step").GetInt32());
        Assert.Equal("AllStagesFinished", status.GetProperty("conditions")[0].GetProperty("reason").GetString());
        Assert.False(status.TryGetProperty("workdir", out _));
        Assert.Contains("averageAccuracy: 92.4\n", (await server.RunAsync(ns, "status", "demo", "-o", "yaml")).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task TheOnlyRunNeedsNoName()
    {
        var ns = await server.StartAsync();
        Assert.Equal($"No runs found in {ns} namespace.\n", (await server.RunAsync(ns, "status")).Error);
        await server.CreateAsync(ns, "one");
        Assert.Contains("No operator has looked at this run yet", (await server.RunAsync(ns, "status")).Output, StringComparison.Ordinal);
        await server.CreateAsync(ns, "two");
        var result = await server.RunAsync(ns, "status");
        Assert.Equal(1, result.ExitCode);
        Assert.Contains("name one: one, two", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchingTellsEachChangeAndEndsWithTheRun()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Training());
        using var output = new StringWriter();
        var watching = Plugin.Start(["status", "demo", "-w", "--kubeconfig", server.Cluster.Kubeconfig, "-n", ns], TextWriter.Synchronized(output), TextWriter.Null, CancellationToken.None);
        await Eventually.ThatAsync(() => output.ToString().Contains("step 40/200", StringComparison.Ordinal));
        await server.SetStatusAsync(ns, "demo", SampleRun.Training(step: 80));
        await Eventually.ThatAsync(() => output.ToString().Contains("Running half (Running, attempt 2, step 80/200): Stage half trains.", StringComparison.Ordinal));
        await server.SetStatusAsync(ns, "demo", SampleRun.Finished());
        Assert.Equal(0, await watching);
        Assert.Contains("AvgAcc 92.4 %", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WatchingAFailedRunEndsWithOne()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Failed());
        var result = await server.RunAsync(ns, "status", "demo", "-w", "-o", "json");
        Assert.Equal(1, result.ExitCode);
        Assert.Equal("Failed", JsonDocument.Parse(Assert.Single(result.Output.TrimEnd().Split('\n'))).RootElement.GetProperty("state").GetString());
    }

    [Fact]
    public async Task WatchingADeletedRunEndsWithOne()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Training());
        using var output = new StringWriter();
        using var error = new StringWriter();
        var watching = Plugin.Start(["status", "demo", "-w", "--kubeconfig", server.Cluster.Kubeconfig, "-n", ns], TextWriter.Synchronized(output), error, CancellationToken.None);
        await Eventually.ThatAsync(() => output.ToString().Length > 0);
        await server.Client.DeleteAsync<RunObject>("demo", ns);
        Assert.Equal(1, await watching);
        Assert.Equal("error: continualrun.cpt.dev/demo was deleted\n", error.ToString());
    }

    [Fact]
    public async Task TheMatrixIsPrintedAsTableAsCsvAndAsJson()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Finished());
        Assert.Equal("after,parity,half,copy\nbase,43.40,41.00,99.60\nparity,97.30,,98.80\nhalf,88.70,96.10,97.70\n", (await server.RunAsync(ns, "matrix", "demo", "-o", "csv")).Output);
        var wide = (await server.RunAsync(ns, "matrix", "demo", "-o", "wide")).Output;
        Assert.Contains("AvgAcc 92.4 %   FM −8.6   FM from peak −8.6   general skills −1.9", wide, StringComparison.Ordinal);
        Assert.Matches(@"parity\s+43\.40\s+97\.30\s+97\.30\s+88\.70\s+−8\.6\s+−8\.6", wide);
        Assert.Equal(88.7, (await server.RunAsync(ns, "matrix", "demo", "-o", "json")).Json.GetProperty("matrix")[2][0].GetDouble());
    }

    [Fact]
    public async Task ListsShowTheColumnsOfGet()
    {
        var ns = await server.StartAsync();
        Assert.Equal($"No runs found in {ns} namespace.\n", (await server.RunAsync(ns, "list")).Error);
        await server.CreateAsync(ns, "done", SampleRun.Finished());
        await server.CreateAsync(ns, "training", SampleRun.Training());
        var table = (await server.RunAsync(ns, "list")).Output;
        Assert.Matches(@"NAME\s+SUCCEEDED\s+REASON\s+STAGE\s+DONE\s+PROGRESS\s+AVGACC\s+FM\s+AGE", table);
        Assert.Matches(@"training\s+Unknown\s+Running\s+half\s+1/2\s+40/200\s+97\.30", table);
        Assert.Matches($@"{ns}\s+done\s+True", (await server.RunAsync(ns, "list", "-A", "-o", "wide")).Output);
        Assert.Equal("continualrun.cpt.dev/done\ncontinualrun.cpt.dev/training\n", (await server.RunAsync(ns, "list", "-o", "name")).Output);
        Assert.Equal(2, (await server.RunAsync(ns, "list", "-o", "json")).Json.GetArrayLength());
    }

    [Fact]
    public async Task AReportSaysWhatIsMissingWhereTheStorageIsOutOfReach()
    {
        var ns = await server.StartAsync();
        await server.CreateAsync(ns, "demo", SampleRun.Finished());
        var page = await server.RunAsync(ns, "report", "demo", "-f", "-");
        Assert.True(page.ExitCode == 0, page.ToString());
        Assert.Contains("<h1>demo <span class=\"state good\">finished</span></h1>", page.Output, StringComparison.Ordinal);
        Assert.Contains("the storage file:///nowhere/checkpoints could not be read from here (there is no such directory on this machine)", page.Output, StringComparison.Ordinal);
        Assert.Contains("kind: ContinualRun", page.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("resourceVersion", page.Output, StringComparison.Ordinal);

        var file = Path.Combine(Directory.CreateTempSubdirectory("cpt-report-").FullName, "x.html");
        Assert.Contains("was not to be read", (await server.RunAsync(ns, "report", "demo", "-f", file, "--storage", "none")).Error, StringComparison.Ordinal);
        Assert.StartsWith("<!doctype html>", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task AModelThatIsNotThereIsNotExported()
    {
        var ns = await server.StartAsync();
        var directory = Directory.CreateTempSubdirectory("cpt-export-").FullName;
        await server.CreateAsync(ns, "demo", SampleRun.Training());
        var early = await server.RunAsync(ns, "export", "demo", "--stage", "half", "-o", Path.Combine(directory, "model"));
        Assert.Equal(66, early.ExitCode);
        Assert.Contains("Stage half of run demo is not finished yet; see ", early.Error, StringComparison.Ordinal);
        var gone = await server.RunAsync(ns, "export", "demo", "-o", Path.Combine(directory, "model"), "--storage", "file://" + directory);
        Assert.Equal(66, gone.ExitCode);
        Assert.Contains("no longer holds the checkpoint of stage parity", gone.Error, StringComparison.Ordinal);
        Assert.Contains("--storage names another way to it", gone.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(Path.Combine(directory, "model")));
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public async Task ErrorsAreKubectlsOwn()
    {
        var ns = await server.StartAsync();
        var missing = await server.RunAsync(ns, "status", "nothing");
        Assert.Equal("Error from server (NotFound): continualruns.cpt.dev \"nothing\" not found\n", missing.Error);
        Assert.Equal(1, missing.ExitCode);
        Assert.Contains("\"pods/x\" is not a run: \"pods\" is another kind", (await server.RunAsync(ns, "status", "pods/x")).Error, StringComparison.Ordinal);
        Assert.Matches(@"Error from server \(Forbidden\): continualruns\.cpt\.dev ""x"" is forbidden: User ""nobody""", (await server.RunAsync(ns, "status", "x", "--as", "nobody")).Error);
        Assert.Contains("error: ", (await server.RunAsync(ns, "status", "x", "--context", "nowhere")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task VersionTellsWhetherTheApiIsServed()
    {
        var ns = await server.StartAsync();
        var version = (await server.RunAsync(ns, "version", "-o", "json")).Json;
        Assert.Equal("cpt.dev/v1alpha1", version.GetProperty("api").GetString());
        Assert.True(version.GetProperty("apiServed").GetBoolean());
        Assert.StartsWith("v1.", version.GetProperty("serverVersion").GetString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Server", (await server.RunAsync(ns, "version", "--client")).Output, StringComparison.Ordinal);
    }

    private Task EventAsync(string ns, RunObject run, string reason, string note) => server.Client.CreateAsync(new Event
    {
        Metadata = new() { GenerateName = "e-", Namespace = ns, Name = null },
        EventTime = TimeProvider.System.GetUtcNow(),
        ReportingController = "cpt.dev/operator",
        ReportingInstance = "test",
        Action = "Test",
        Type = "Normal",
        Reason = reason,
        Note = note,
        Regarding = new() { ApiVersion = ContinualRun.GroupVersion, Kind = ContinualRun.KindName, Name = run.Metadata.Name, Namespace = ns, Uid = run.Metadata.Uid },
    });
}
