using Cpt.Contract;

namespace Cpt.Storage.Tests;

public sealed class StorageUriTests
{
    [Theory]
    [InlineData("file:///data/x/", "file", "", "/data/x/")]
    [InlineData("file:///with%20space", "file", "", "/with space")]
    [InlineData("pvc://claim/a/b", "pvc", "claim", "a/b")]
    [InlineData("pvc://claim", "pvc", "claim", "")]
    [InlineData("azblob://container/a/", "azblob", "container", "a")]
    [InlineData("bundled://models/base", "bundled", "", "models/base")]
    public void AGoodUriIsTakenApart(string text, string scheme, string root, string path)
    {
        var uri = StorageUri.Parse(text);
        Assert.Equal((scheme, root, path.TrimEnd('/')), (uri.Scheme, uri.Root, uri.Path.TrimEnd('/')));
    }

    [Theory]
    [InlineData("/data/x", "has no scheme")]
    [InlineData("s3://bucket/x", "unknown scheme s3://")]
    [InlineData("file://./x", "is not absolute")]
    [InlineData("azblob:///x", "names no container")]
    [InlineData("pvc://", "names no claim")]
    [InlineData("pvc://claim/../../etc", "must not contain ..")]
    [InlineData("azblob://container/a//b", "empty or . part")]
    [InlineData("azblob://Container/a", "lowercase letters")]
    [InlineData("azblob://c/a", "3 to 63")]
    public void ABadUriIsRefusedSayingWhatIsWrong(string text, string words)
    {
        var error = Assert.Throws<StageFailureException>(() => StorageUri.Parse(text));
        Assert.Equal(64, error.ExitCode);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains(text, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ABundledModelIsNoPlaceToWriteTo() =>
        Assert.Contains("cannot be written to", Assert.Throws<StageFailureException>(() => ObjectStores.Open("bundled://x")).Message, StringComparison.Ordinal);

    [Fact]
    public async Task AVolumeLiesUnderTheVolumesDirectory()
    {
        using var local = new TemporaryDirectory();
        var store = ObjectStores.Open("pvc://claim/deep/er", new StorageOptions { Environment = Azurite.Variables(("CPT_VOLUMES", local.Path)) });
        await store.PutAsync("a", new byte[] { 1 }, TestContext.Current.CancellationToken);
        Assert.True(File.Exists(local["claim/deep/er/a"]));
    }

    [Fact]
    public void WithoutTheVolumesDirectoryAVolumeSaysWhatToSet() =>
        Assert.Contains("CPT_VOLUMES is not set",
            Assert.Throws<StageFailureException>(() => ObjectStores.Open("pvc://c/x", new StorageOptions { Environment = Azurite.Variables() })).Message, StringComparison.Ordinal);

    [Fact]
    public void InAPodAClaimThatIsNotMountedIsNotReplacedByTheContainersDisk()
    {
        using var local = new TemporaryDirectory();
        var options = new StorageOptions { Environment = Azurite.Variables(("CPT_VOLUMES", local.Path), ("KUBERNETES_SERVICE_HOST", "10.0.0.1")) };
        var error = Assert.Throws<StageFailureException>(() => ObjectStores.Open("pvc://claim/x", options));
        Assert.Equal(69, error.ExitCode);
        Assert.Contains("claim claim is not mounted", error.Message, StringComparison.Ordinal);
    }
}
