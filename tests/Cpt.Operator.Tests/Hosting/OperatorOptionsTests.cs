using System.Net;
using Cpt.Operator.Hosting;

namespace Cpt.Operator.Tests.Hosting;

public sealed class OperatorOptionsTests
{
    [Fact]
    public void WithoutOptionsEverythingHasItsDefault()
    {
        var options = Parse();

        Assert.Null(options.Namespace);
        Assert.Null(options.LeaderElect);
        Assert.Equal("cpt-operator", options.LeaseName);
        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 8080), options.Listen);
        Assert.Equal(16, options.Workers);
        Assert.Equal(ProgressWay.Direct, options.Progress);
        Assert.Equal(LogStyle.Json, options.Log);
    }

    /// <summary>The quickstart starts from one of them, and its digest is asked for before any trainer runs.</summary>
    [Fact]
    public void TheModelsOfTheExamplesAreBesideTheProgram()
    {
        foreach (var model in (string[])["digits-base", "vision-base"])
        {
            Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "bundle", "models", model, "config.json")), model);
        }
    }

    [Fact]
    public void ValuesMayFollowOrBeJoinedByAnEqualsSign()
    {
        var options = Parse("--namespace", "ml", "--workers=4", "--listen=127.0.0.1:9090", "--leader-elect=false", "--log", "text", "--progress", "proxy", "--trainer-image=a/b:c");

        Assert.Equal("ml", options.Namespace);
        Assert.Equal(4, options.Workers);
        Assert.Equal(new IPEndPoint(IPAddress.Loopback, 9090), options.Listen);
        Assert.False(options.LeaderElect);
        Assert.Equal(LogStyle.Text, options.Log);
        Assert.Equal(ProgressWay.Proxy, options.Progress);
        Assert.Equal("a/b:c", options.TrainerImage);
    }

    [Fact]
    public void LeaderElectIsASwitchThatTakesNoFurtherWord()
    {
        var options = Parse("--leader-elect", "--namespace", "ml");

        Assert.True(options.LeaderElect);
        Assert.Equal("ml", options.Namespace);
    }

    [Fact]
    public void TheCommandLineWinsOverTheEnvironment()
    {
        var options = OperatorOptions.Parse(["--workers", "3"], name => name switch { "CPT_WORKERS" => "7", "CPT_TRAINER_IMAGE" => "from/environment", _ => null });

        Assert.Equal(3, options.Workers);
        Assert.Equal("from/environment", options.TrainerImage);
    }

    [Theory]
    [InlineData("--worker 3", "--worker: unknown option")]
    [InlineData("--workers none", "--workers: none is not a number from 1 to 1000")]
    [InlineData("--workers 0", "--workers: 0 is not a number from 1 to 1000")]
    [InlineData("--workers", "--workers: needs a value")]
    [InlineData("--listen 8080", "--listen: 8080 is not an address")]
    [InlineData("--listen :", "--listen: : is not an address")]
    [InlineData("--leader-elect=maybe", "--leader-elect: maybe is neither true nor false")]
    [InlineData("--log xml", "--log: xml is unknown; give json or text")]
    [InlineData("--log 1", "--log: 1 is unknown; give json or text")]
    [InlineData("--progress often", "--progress: often is unknown; give direct, proxy or off")]
    [InlineData("--volumes /no/such/place", "--volumes: /no/such/place is not a directory here")]
    public void AWrongOptionIsNamedWithItsValueAndWhatWouldBeRight(string line, string message)
    {
        var wrong = Assert.Throws<FormatException>(() => Parse(line.Split(' ')));

        Assert.StartsWith(message, wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AWrongVariableIsNamedByItsOwnName()
    {
        var wrong = Assert.Throws<FormatException>(() => OperatorOptions.Parse([], name => name == "CPT_WORKERS" ? "many" : null));

        Assert.StartsWith("CPT_WORKERS: many", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void TheHelpNamesEveryOptionAndEveryVariable()
    {
        foreach (var name in (string[])["--kubeconfig", "--context", "--namespace", "--leader-elect", "--lease-namespace", "--lease-name", "--trainer-image",
            "--trainer-service-account", "--listen", "--workers", "--volumes", "--bundle", "--cache", "--progress", "--log", "--version", "--help"])
        {
            Assert.Contains(name, OperatorOptions.Usage, StringComparison.Ordinal);
        }

        Assert.All(["CPT_NAMESPACE", "CPT_TRAINER_IMAGE", "CPT_VOLUMES", "CPT_BUNDLE", "CPT_CACHE"], name => Assert.Contains($"[{name}]", OperatorOptions.Usage, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ABadOptionEndsTheProcessWith64()
    {
        Assert.Equal(64, await OperatorProcess.RunAsync(["--log", "xml"], _ => null));
    }

    [Fact]
    public async Task HelpAndVersionEndWith0()
    {
        Assert.Equal(0, await OperatorProcess.RunAsync(["--help"], _ => null));
        Assert.Equal(0, await OperatorProcess.RunAsync(["--version"], _ => null));
    }

    [Fact]
    public async Task AKubeconfigThatIsNotThereEndsTheProcessWith64()
    {
        Assert.Equal(64, await OperatorProcess.RunAsync(["--kubeconfig", "/no/such/kubeconfig"], _ => null));
    }

    private static OperatorOptions Parse(params string[] arguments) => OperatorOptions.Parse(arguments, _ => null);
}
