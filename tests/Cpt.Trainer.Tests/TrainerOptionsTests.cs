namespace Cpt.Trainer.Tests;

public sealed class TrainerOptionsTests
{
    [Fact]
    public void EverythingButTheStageHasADefault()
    {
        var options = Parse("--stage", "/s.json");
        Assert.Equal("/s.json", options.StageFile);
        Assert.Equal((9400, LogStyle.Auto, TimeSpan.Zero, TimeSpan.FromMinutes(15)), (options.Port, options.Log, options.Grace, options.Stall));
        Assert.Null(options.WorkDirectory);
        Assert.Null(options.TerminationLog);
    }

    [Fact]
    public void ValuesComeAfterASpaceOrAnEqualsSign()
    {
        var options = Parse("--stage=/a=b.json", "--work", "/w", "--termination-log=/t", "--port=0", "--log", "json", "--grace=12.5", "--stall", "30");
        Assert.Equal(("/a=b.json", "/w", "/t", 0), (options.StageFile, options.WorkDirectory, options.TerminationLog, options.Port));
        Assert.Equal((LogStyle.Json, TimeSpan.FromSeconds(12.5), TimeSpan.FromSeconds(30)), (options.Log, options.Grace, options.Stall));
    }

    [Fact]
    public void TheGracePeriodMayComeFromThePod()
    {
        var options = TrainerOptions.Parse(["--stage", "s"], name => name == "CPT_GRACE_SECONDS" ? "170" : null);
        Assert.Equal(TimeSpan.FromSeconds(170), options.Grace);
    }

    [Theory]
    [InlineData("--stage: missing; give the path of stage.json")]
    [InlineData("--stage: needs a value", "--stage")]
    [InlineData("--stages: unknown option; see cpt-trainer --help", "--stages", "x")]
    [InlineData("--port: 65536 is not a port; give 0 to 65535", "--stage", "s", "--port", "65536")]
    [InlineData("--port: -1 is not a port; give 0 to 65535", "--stage", "s", "--port", "-1")]
    [InlineData("--log: xml is unknown; give json, text or auto", "--stage", "s", "--log", "xml")]
    [InlineData("--grace: soon is not a number of seconds; give 0 or more", "--stage", "s", "--grace", "soon")]
    public void AWrongOptionIsNamedWithWhatWouldBeRight(string message, params string[] arguments)
    {
        Assert.Equal(message, Assert.Throws<FormatException>(() => Parse(arguments)).Message);
    }

    private static TrainerOptions Parse(params string[] arguments) => TrainerOptions.Parse(arguments, _ => null);
}
