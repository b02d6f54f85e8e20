using System.Net.Sockets;
using System.Text.Json.Nodes;
using Cpt.Api;
using Cpt.Cli.Cluster;
using Cpt.Cli.Cluster.Setup;
using Cpt.Cli.Display;
using Cpt.Cli.Reporting;
using Cpt.Cli.Status;
using Cpt.Kubernetes;
using Spectre.Console;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>What the commands about clusters make of what they get; no server is asked.</summary>
public sealed class OfflineTests
{
    private static readonly DateTimeOffset s_now = SampleRun.Start.AddMinutes(12);

    [Theory]
    [InlineData("30s", 30)]
    [InlineData("1h30m", 5400)]
    [InlineData("500ms", 0.5)]
    [InlineData("90", 90)]
    [InlineData("0", 0)]
    [InlineData("1.5m", 90)]
    public void DurationsAreReadAsKubectlReadsThem(string typed, double seconds)
    {
        Assert.True(KubectlDuration.TryParse(typed, out var duration));
        Assert.Equal(seconds, duration.TotalSeconds);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5 m")]
    [InlineData("-5s")]
    [InlineData("5d")]
    [InlineData("soon")]
    [InlineData("999999999h")]
    public void WhatIsNoDurationIsRefused(string typed) => Assert.False(KubectlDuration.TryParse(typed, out _));

    [Theory]
    [InlineData(5, "5s")]
    [InlineData(119, "119s")]
    [InlineData(190, "3m10s")]
    [InlineData(1800, "30m")]
    [InlineData(4 * 3600 + 60, "4h1m")]
    [InlineData(40 * 3600, "40h")]
    [InlineData(3 * 86400 + 3600, "3d1h")]
    [InlineData(30 * 86400, "30d")]
    [InlineData(-3, "0s")]
    public void AgesAreWrittenAsKubectlWritesThem(int seconds, string age) => Assert.Equal(age, ClusterSections.Age(TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void ErrorsAreExplainedInKubectlsWords()
    {
        var server = new Uri("https://127.0.0.1:6443");
        Assert.Equal(
            "Error from server (NotFound): continualruns.cpt.dev \"x\" not found",
            ClusterErrors.Explain(Refusal(404, "NotFound", "continualruns.cpt.dev \"x\" not found", new() { Name = "x" }), server));
        Assert.Contains("the server doesn't have a resource type \"continualruns\"", ClusterErrors.Explain(Refusal(404, "NotFound", "the server could not find the requested resource", new()), server), StringComparison.Ordinal);
        Assert.Equal("error: You must be logged in to the server (Unauthorized)", ClusterErrors.Explain(Refusal(401, "Unauthorized", "Unauthorized"), server));
        Assert.Equal(
            "The ContinualRun \"x\" is invalid: spec.seed: is immutable",
            ClusterErrors.Explain(Refusal(422, "Invalid", "…", new() { Kind = "ContinualRun", Name = "x", Causes = [new() { Field = "spec.seed", Message = "is immutable" }] }), server));
        Assert.Equal(
            "The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?",
            ClusterErrors.Explain(new ApiUnreachableException("GET /", new HttpRequestException("x", new SocketException((int)SocketError.ConnectionRefused))), server));
        Assert.StartsWith("Unable to connect to the server 127.0.0.1:6443: too slow", ClusterErrors.Explain(new ApiUnreachableException("GET /", new TimeoutException("too slow")), server), StringComparison.Ordinal);
        Assert.Null(ClusterErrors.Explain(new InvalidOperationException(), server));
    }

    [Fact]
    public void ARunOnAClusterIsAsItsConditionsSay()
    {
        Assert.Equal(RunState.Succeeded, StateOf(SampleRun.Finished()));
        Assert.Equal(RunState.Failed, StateOf(SampleRun.Failed()));
        Assert.Equal(RunState.Running, StateOf(SampleRun.Training()));
        Assert.Equal(RunState.Running, StateOf(SampleRun.Waiting()));
        Assert.Equal(RunState.Running, StateOf(SampleRun.Suspended(Reasons.Suspending)));
        Assert.Equal(RunState.Suspended, StateOf(SampleRun.Suspended()));
        Assert.Equal(RunState.Suspended, StateOf(SampleRun.Suspended(Reasons.GateHeld)));
        Assert.Equal(RunState.NotStarted, StateOf(null));
    }

    [Fact]
    public void TheTimeLeftFollowsTheMeanSpeedAndIsToldOnlyWhileItTrains()
    {
        // 40 steps in 2 minutes, 160 to go.
        Assert.Equal(480, Document(SampleRun.Training()).Stages[1].SecondsLeft);
        Assert.Null(Document(SampleRun.Training(step: 0)).Stages[1].SecondsLeft);
        Assert.All(Document(SampleRun.Finished()).Stages, stage => Assert.Null(stage.SecondsLeft));
    }

    [Fact]
    public void AWaitForARetryIsToldWithItsTime()
    {
        Assert.Contains("The next attempt starts in 1 min 0 s", Plain(SampleRun.Waiting(), s_now), StringComparison.Ordinal);
        Assert.Contains("The next attempt starts now", Plain(SampleRun.Waiting(), s_now.AddHours(1)), StringComparison.Ordinal);
    }

    [Fact]
    public void PartsAreSetApartByOneEmptyLine()
    {
        var text = Plain(SampleRun.Finished(), s_now);
        Assert.StartsWith("\ndemo finished\n\nAccuracy after each stage, percent\n╭", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\n\n\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void AHeatMapHasColoursOnATerminalAndNoneWithoutColours()
    {
        var status = Document(SampleRun.Finished());
        Assert.Matches(@"\u001b\[1;4;[0-9;]*48;2;\d+;\d+;\d+m 97\.3", On(ColorSystemSupport.TrueColor, RunSummary.OfMatrix(status)));
        Assert.DoesNotContain(";48;", On(ColorSystemSupport.NoColors, RunSummary.OfMatrix(status)), StringComparison.Ordinal);
        Assert.Contains("Nothing has been scored yet.", On(ColorSystemSupport.NoColors, RunSummary.OfMatrix(Document(null))), StringComparison.Ordinal);
    }

    [Fact]
    public void YamlKeepsTextText()
    {
        var yaml = YamlText.Of(new JsonObject { ["a"] = "1", ["b"] = 1, ["c"] = 1.5, ["d"] = true, ["e"] = "true", ["f"] = null, ["g"] = new JsonArray("x", "1e-6"), ["h"] = "a: b" });
        Assert.Equal("a: \"1\"\nb: 1\nc: 1.5\nd: true\ne: \"true\"\nf:\ng:\n  - x\n  - \"1e-6\"\nh: 'a: b'\n", yaml.Replace("f: \n", "f:\n", StringComparison.Ordinal));
    }

    [Fact]
    public void TheManifestInAReportIsWhatItsOwnerWrote()
    {
        var manifest = ReportSource.OfCluster(SampleRun.Of("demo", "ml") with { Status = SampleRun.Finished() }).Manifest;
        Assert.Equal(SampleRun.Of("demo", "ml").Spec.Stages[1].Name, ManifestReader.Read(manifest, "report").Spec.Stages[1].Name);
        Assert.DoesNotContain("status:", manifest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("demo", "demo")]
    [InlineData("crun/demo", "demo")]
    [InlineData("ContinualRuns/demo", "demo")]
    [InlineData("continualrun.cpt.dev/demo", "demo")]
    public void ARunMayBeNamedAsKubectlPrintsIt(string typed, string name) => Assert.Equal(name, RunArgument.NameOf(typed));

    [Theory]
    [InlineData("sta", "status\t")]
    [InlineData("status -o j", "json")]
    [InlineData("logs --st", "--stage\t")]
    [InlineData("matrix demo -o c", "csv")]
    [InlineData("retry demo --dry-run s", "server")]
    public void WordsAreCompleted(string typed, string expected)
    {
        var lines = Complete(typed.Split(' '));
        Assert.Equal(2, lines.Length);
        Assert.StartsWith(expected, lines[0], StringComparison.Ordinal);
        Assert.Equal(":4", lines[1]);
    }

    [Fact]
    public void FilesAreLeftToTheShellAndAMissingClusterIsNoNoise()
    {
        Assert.Equal([":0"], Complete("report", "-f", ""));
        Assert.Equal([":0"], Complete("status", "--kubeconfig", "x"));
        Assert.Equal([":4"], Complete("status", "--kubeconfig", "/nowhere", ""));
    }

    [Fact]
    public void TheLinksAreMadeOnceAndNothingElseIsReplaced()
    {
        var directory = Directory.CreateTempSubdirectory("cpt-links-").FullName;
        var program = Path.Combine(directory, "cpt");
        var bin = Path.Combine(directory, "bin");
        File.WriteAllText(program, "");
        Assert.Equal([$"{bin}/kubectl-cpt -> {program}", $"{bin}/kubectl_complete-cpt -> {program}"], Links.Make(bin, program, force: false));
        Assert.All(Links.Make(bin, Path.Combine(bin, "kubectl-cpt"), force: false), line => Assert.EndsWith(" unchanged", line, StringComparison.Ordinal));

        File.Delete(Path.Combine(bin, "kubectl-cpt"));
        File.WriteAllText(Path.Combine(bin, "kubectl-cpt"), "mine");
        var refused = Assert.Throws<CliException>(() => Links.Make(bin, program, force: false));
        Assert.Contains("kubectl-cpt is there already and is a file of its own; --force replaces it", refused.Message, StringComparison.Ordinal);
        Assert.Equal("mine", File.ReadAllText(Path.Combine(bin, "kubectl-cpt")));
        Links.Make(bin, program, force: true);
        Assert.Equal(program, new FileInfo(Path.Combine(bin, "kubectl-cpt")).LinkTarget);
        Directory.Delete(directory, recursive: true);
    }

    [Fact]
    public void TheDocumentsNameEveryCommandAndEveryOption()
    {
        var cli = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md"));
        Assert.All(CptCommand.Create().Subcommands, command => Assert.Contains($"`cpt {command.Name}", cli, StringComparison.Ordinal));
        var kubectl = File.ReadAllText(Path.Combine(Repository.Root, "docs", "kubectl.md"));
        var root = KubeCommand.Plugin();
        Assert.All(root.Subcommands, command => Assert.Contains($"`kubectl cpt {command.Name}", kubectl, StringComparison.Ordinal));
        var options = root.Options.Concat(root.Subcommands.SelectMany(command => command.Options)).Select(option => option.Name);
        Assert.All(options.Distinct(StringComparer.Ordinal), option => Assert.Contains($"`{option}", kubectl, StringComparison.Ordinal));
    }

    private static string[] Complete(params string[] words)
    {
        using var output = new StringWriter();
        Completion.Write(KubeCommand.Plugin(), words, output);
        return output.ToString().TrimEnd().Split('\n');
    }

    private static StatusDocument Document(ContinualRunStatus? status) => StatusDocuments.OfCluster(SampleRun.Of("demo", "ml") with { Status = status });

    private static RunState StateOf(ContinualRunStatus? status) => Document(status).State;

    private static string Plain(ContinualRunStatus status, DateTimeOffset now)
    {
        using var output = new StringWriter();
        PlainConsole.On(output).Write(RunSummary.OfCluster(Document(status), now));
        return output.ToString();
    }

    private static string On(ColorSystemSupport colours, Spectre.Console.Rendering.IRenderable what)
    {
        using var output = new StringWriter();
        AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.Yes, ColorSystem = colours, Out = new AnsiConsoleOutput(output) }).Write(what);
        return output.ToString();
    }

    private static KubernetesException Refusal(int code, string reason, string message, StatusDetails? details = null) =>
        new("GET /x", new Cpt.Kubernetes.Status { Code = code, Reason = reason, Message = message, Details = details });
}
