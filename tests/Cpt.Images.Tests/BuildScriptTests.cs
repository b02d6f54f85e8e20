namespace Cpt.Images.Tests;

/// <summary><c>eng/images/build.sh</c> as users call it.</summary>
[Trait("Category", "Images")]
public sealed class BuildScriptTests(BuiltImages images)
{
    [Theory]
    [InlineData("\"trainer\" is unknown; give operator, trainer-cpu, trainer-cuda, azurite or prometheus", "trainer")]
    [InlineData("--engine: \"podman\" is neither buildah nor docker", "--engine", "podman")]
    [InlineData("--tag: \"a b\" is not a tag", "--tag", "a b")]
    [InlineData("--output needs a value", "--output")]
    public async Task AWrongArgumentIsNamed(string message, params string[] arguments)
    {
        var ended = await Script.ImagesAsync("build.sh", arguments);
        Assert.Equal(64, ended.ExitCode);
        Assert.Contains(message, ended.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WhatHasNotChangedIsNotBuiltAgain()
    {
        var image = await images.GetAsync("operator");
        var before = File.GetLastWriteTimeUtc(image.Path);
        var again = await Script.ImagesAsync("build.sh", "operator");
        Assert.Equal(0, again.ExitCode);
        Assert.Contains("operator: unchanged", again.Errors, StringComparison.Ordinal);
        Assert.Equal(before, File.GetLastWriteTimeUtc(image.Path));
    }

    [Fact]
    public async Task AnArchiveThatIsNotThereIsNamedByWhatRunsIt()
    {
        var ended = await Script.ImagesAsync("run-image.sh", "/nowhere/operator.tar");
        Assert.Equal(66, ended.ExitCode);
        Assert.Contains("/nowhere/operator.tar", ended.Errors, StringComparison.Ordinal);
    }
}
