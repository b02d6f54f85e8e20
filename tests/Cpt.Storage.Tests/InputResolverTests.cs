using Cpt.Contract;

namespace Cpt.Storage.Tests;

public sealed class InputResolverTests(Azurite azurite) : IDisposable
{
    private readonly TemporaryDirectory _local = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _local.Dispose();

    [Fact]
    public async Task ALocalModelIsUsedWhereItLies()
    {
        var directory = A.Model(_local["m"]);
        var found = await new InputResolver().MaterializeAsync("file://" + directory, _local["cache"], null, null, Token);
        Assert.Equal(directory, found.Directory);
        Assert.Equal(Digests.OfFiles(ModelFiles.In(directory).Select(name => (name, Digests.OfBytes(File.ReadAllBytes(Path.Combine(directory, name)))))), found.Digest);
    }

    [Fact]
    public async Task FilesThatAreNotTheModelsDoNotChangeItsDigest()
    {
        var directory = A.Model(_local["m"]);
        var before = await DigestAsync(directory);
        _local.Write("m/README.md", [1]);
        _local.Write("m/optimizer.pt", [1]);
        _local.Write("m/sub/config.json", [1]);
        Assert.Equal(before, await DigestAsync(directory));
        _local.Write("m/chat_template.jinja", [1]);
        Assert.NotEqual(before, await DigestAsync(directory));
    }

    [Fact]
    public async Task ALargeFilesDigestIsRememberedUntilItChanges()
    {
        var directory = A.Model(_local["m"]);
        var weights = Path.Combine(directory, "model.safetensors");
        using (var file = File.OpenWrite(weights)) file.SetLength(70 << 20);
        var before = await DigestAsync(directory);
        Assert.Single(Directory.GetFiles(_local["cache/digests"]));
        Assert.Equal(before, await DigestAsync(directory));
        using (var file = File.OpenWrite(weights)) file.WriteByte(7);
        Assert.NotEqual(before, await DigestAsync(directory));
    }

    [Fact]
    public async Task ABundledModelIsFoundUnderTheBundle()
    {
        A.Model(_local["bundle/models/base"]);
        var resolver = new InputResolver(new StorageOptions { Environment = Azurite.Variables(("CPT_BUNDLE", _local["bundle"])) });
        Assert.Equal(_local["bundle/models/base"], (await resolver.MaterializeAsync("bundled://models/base", _local["cache"], null, null, Token)).Directory);
    }

    [Fact]
    public async Task AMissingDirectoryIsExitCode66()
    {
        var error = await FailAsync("file://" + _local["nowhere"]);
        Assert.Equal((66, "NotFound"), (error.ExitCode, error.Reason));
        Assert.Contains(_local["nowhere"], error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("config.json", "no config.json")]
    [InlineData("model.safetensors", "no *.safetensors")]
    public async Task ADirectoryThatIsNoModelSaysWhatItLacks(string missing, string words)
    {
        File.Delete(Path.Combine(A.Model(_local["m"]), missing));
        var error = await FailAsync("file://" + _local["m"]);
        Assert.Equal(66, error.ExitCode);
        Assert.Contains(words, error.Message, StringComparison.Ordinal);
        Assert.Contains("found: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AnotherModelThanExpectedIsExitCode65WithBothDigests()
    {
        var directory = A.Model(_local["m"]);
        var expected = Digests.OfText("x");
        var error = await Assert.ThrowsAsync<StageFailureException>(() => new InputResolver().MaterializeAsync("file://" + directory, _local["cache"], expected, null, Token));
        Assert.Equal((65, "CorruptModel"), (error.ExitCode, error.Reason));
        Assert.Contains($"expected digest {expected}, found {await DigestAsync(directory)}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task OfARemoteModelOnlyItsDigestCanBeHadAndNothingIsKept()
    {
        var (uri, store) = Remote();
        await PutModelAsync(store, seed: 1);
        var resolver = new InputResolver(azurite.Options());
        Assert.Equal(await DigestAsync(A.Model(_local["m1"], 1)), await resolver.DigestOnlyAsync(uri, _local["cache"], Token));
        Assert.All(Directory.GetFiles(_local["cache"], "*", SearchOption.AllDirectories), file => Assert.Equal(64, new FileInfo(file).Length));
        Assert.Equal(await resolver.DigestAsync(uri, _local["other"], Token), await resolver.DigestOnlyAsync(uri, _local["cache"], Token));
        await PutModelAsync(store, seed: 2);
        Assert.Equal(await DigestAsync(A.Model(_local["m2"], 2)), await resolver.DigestOnlyAsync(uri, _local["cache"], Token));
    }

    [Fact]
    public async Task TheDigestOfALocalModelIsTheSameEitherWay()
    {
        var uri = "file://" + A.Model(_local["m"]);
        var resolver = new InputResolver();
        Assert.Equal(await resolver.DigestAsync(uri, _local["cache"], Token), await resolver.DigestOnlyAsync(uri, _local["cache"], Token));
    }

    [Fact]
    public async Task ARemoteModelIsBroughtOnceAndAgainWhenItChanges()
    {
        var (uri, store) = Remote();
        await PutModelAsync(store, seed: 1);
        await store.PutAsync("README.md", new byte[] { 1 }, Token);
        var resolver = new InputResolver(azurite.Options());
        var first = await resolver.MaterializeAsync(uri, _local["cache"], null, null, Token);
        Assert.Equal(await DigestAsync(A.Model(_local["m1"], 1)), first.Digest);
        Assert.False(File.Exists(Path.Combine(first.Directory, "README.md")));
        Assert.Equal(first, await resolver.MaterializeAsync(uri, _local["cache"], null, null, Token));
        await PutModelAsync(store, seed: 2);
        var second = await resolver.MaterializeAsync(uri, _local["cache"], null, null, Token);
        Assert.NotEqual(first, second);
        Assert.Equal(A.Bytes(1, 5000), await File.ReadAllBytesAsync(Path.Combine(first.Directory, "model.safetensors"), Token));
    }

    [Fact]
    public async Task ARemoteTaskComesWithAllItsFilesAndNothingHalf()
    {
        var (uri, store) = Remote();
        foreach (var name in (string[])["task.json", "train.jsonl", "eval.jsonl", "images/0.png"]) await store.PutAsync(name, System.Text.Encoding.UTF8.GetBytes(name), Token);
        var found = await new InputResolver(azurite.Options()).MaterializeTaskAsync(uri, _local["cache"], null, null, Token);
        Assert.Equal("images/0.png", await File.ReadAllTextAsync(Path.Combine(found.Directory, "images/0.png"), Token));
        Assert.Single(Directory.GetDirectories(_local["cache/inputs"]));
    }

    [Fact]
    public async Task ARemotePlaceWithNothingInItIsExitCode66()
    {
        var (uri, _) = Remote();
        var error = await Assert.ThrowsAsync<StageFailureException>(() => new InputResolver(azurite.Options()).DigestAsync(uri, _local["cache"], Token));
        Assert.Equal((66, "NotFound"), (error.ExitCode, error.Reason));
        Assert.Contains(uri, error.Message, StringComparison.Ordinal);
    }

    private (string Uri, IObjectStore Store) Remote()
    {
        Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");
        var uri = $"azblob://{azurite.NextContainer()}/in";
        return (uri, ObjectStores.Open(uri, azurite.Options()));
    }

    private async Task PutModelAsync(IObjectStore store, int seed)
    {
        var directory = A.Model(_local["upload"], seed);
        foreach (var name in ModelFiles.In(directory)) await store.PutAsync(name, await File.ReadAllBytesAsync(Path.Combine(directory, name), Token), Token);
    }

    private Task<string> DigestAsync(string directory) => new InputResolver().DigestAsync("file://" + directory, _local["cache"], Token);

    private Task<StageFailureException> FailAsync(string uri) => Assert.ThrowsAsync<StageFailureException>(() => new InputResolver().DigestAsync(uri, _local["cache"], Token));
}
