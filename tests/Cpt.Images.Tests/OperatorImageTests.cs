using Cpt.Contract;

namespace Cpt.Images.Tests;

/// <summary>The operator's image, started as a restricted pod starts it.</summary>
[Trait("Category", "Images")]
public sealed class OperatorImageTests(BuiltImages images)
{
    [Theory]
    [InlineData("1654")]
    [InlineData("1234567")]
    public async Task ItStartsAsAnyUserWithARootFileSystemThatIsOnlyRead(string user)
    {
        var ended = await (await images.GetAsync("operator")).RunAsync(["--user", user], "--version");
        Assert.Equal((ExitCodes.Done, ""), (ended.ExitCode, ended.Errors));
        Assert.StartsWith("cpt-operator ", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task HelpNamesTheOptions()
    {
        var ended = await (await images.GetAsync("operator")).RunAsync([], "--help");
        Assert.Equal(ExitCodes.Done, ended.ExitCode);
        Assert.Contains("--trainer-image IMAGE", ended.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongOptionEndsItWithItsNameAndExitCode64()
    {
        var ended = await (await images.GetAsync("operator")).RunAsync([], "--workers", "many");
        Assert.Equal((ExitCodes.BadSpec, "cpt-operator: --workers: many is not a number from 1 to 1000\n"), (ended.ExitCode, ended.Errors));
    }

    [Fact]
    public async Task WithoutAClusterItSaysWhereItLooked()
    {
        var ended = await (await images.GetAsync("operator")).RunAsync(["--user", "4711"]);
        Assert.Equal(ExitCodes.BadSpec, ended.ExitCode);
        Assert.Contains("KUBERNETES_SERVICE_HOST", ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AVariableOfThePodReachesIt()
    {
        var ended = await (await images.GetAsync("operator")).RunAsync(["--env", "CPT_LOG=loud"]);
        Assert.Equal((ExitCodes.BadSpec, "cpt-operator: CPT_LOG: loud is unknown; give json or text\n"), (ended.ExitCode, ended.Errors));
    }

    [Fact]
    public async Task ItHoldsTheModelsThatRunsMayNameAsBundled()
    {
        var image = await images.GetAsync("operator");
        Assert.Contains("app/bundle/models/digits-base/model.safetensors", image.Files.Keys);
        Assert.Contains("app/bundle/models/vision-base/model.safetensors", image.Files.Keys);
    }
}
