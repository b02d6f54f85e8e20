using System.Text.Json;
using Cpt.Api;

namespace Cpt.Runs.Tests;

public sealed class RunObjectTests
{
    private const string Good = """
        {"apiVersion":"cpt.dev/v1alpha1","kind":"ContinualRun","metadata":{"name":"demo","namespace":"ml","uid":"u1","generation":3},
         "spec":{"baseModel":{"uri":"bundled://models/digits-base"},"storage":{"uri":"pvc://checkpoints/demo"},
                 "stages":[{"name":"a","method":"SFT","task":{"uri":"generated://digits/parity"}}]},
         "status":{"reason":"Running","conditions":[]}}
        """;

    [Fact]
    public void ARunSurvivesTheWayToTheServerAndBack()
    {
        var run = Read(Good).ToRun();

        Assert.Equal("demo", run.Metadata.Name);
        Assert.Equal(3, run.Metadata.Generation);
        Assert.Equal("Running", run.Status!.Reason);
        Assert.Equal(ManifestReader.Write(run), ManifestReader.Write(Read(Write(RunObject.Of(run))).ToRun()));
    }

    [Fact]
    public void AnUnreadableSpecIsThatRunsOwnFaultAndNamesItsField()
    {
        var read = Read(Good.Replace("\"SFT\"", "\"DPO\"", StringComparison.Ordinal));

        var fault = Assert.Throws<ManifestException>(read.ToRun);
        Assert.Equal("spec.stages[0].method", Assert.Single(fault.Errors).Path);
        Assert.Contains("\"DPO\"", Write(read), StringComparison.Ordinal);
    }

    [Fact]
    public void AnUnreadableStatusCountsAsLost()
    {
        var read = Read(Good.Replace("\"conditions\":[]", "\"conditions\":7", StringComparison.Ordinal));

        Assert.NotNull(read.Status.Fault);
        Assert.Null(read.ToRun().Status);
    }

    [Fact]
    public void ARunWithoutAStatusIsWrittenWithoutOne() =>
        Assert.DoesNotContain("status", Write(RunObject.Of(Read(Good).ToRun() with { Status = null })), StringComparison.Ordinal);

    private static RunObject Read(string text) => JsonSerializer.Deserialize(text, RunsJson.Default.RunObject)!;

    private static string Write(RunObject run) => JsonSerializer.Serialize(run, RunsJson.Default.RunObject);
}
