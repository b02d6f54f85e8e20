namespace Cpt.Tasks.Tests;

public sealed class TaskDigestTests : IDisposable
{
    private readonly Temporary _files = new();

    [Fact]
    public void TheDigestCoversEveryFileItsNameAndItsContent()
    {
        var directory = _files.Task();
        var digests = new List<string> { TaskDigest.OfDirectory(directory) };
        _files.Write("task/images/a.png", "a");
        digests.Add(TaskDigest.OfDirectory(directory));
        _files.Write("task/images/a.png", "b");
        digests.Add(TaskDigest.OfDirectory(directory));
        File.Move(_files["task/images/a.png"], _files["task/images/b.png"]);
        digests.Add(TaskDigest.OfDirectory(directory));
        _files.Write("task/.hidden", "");
        digests.Add(TaskDigest.OfDirectory(directory));

        Assert.Equal(digests.Count, digests.Distinct(StringComparer.Ordinal).Count());
        Assert.All(digests, digest => Assert.Matches("^[0-9a-f]{64}$", digest));
    }

    [Fact]
    public void TheDigestDependsOnNeitherPlaceNorTime()
    {
        var first = TaskDigest.OfDirectory(_files.Task());
        Directory.Move(_files["task"], _files["moved"]);
        File.SetLastWriteTimeUtc(_files["moved/task.json"], DateTime.UnixEpoch);
        Assert.Equal(first, TaskDigest.OfDirectory(_files["moved"]));
        Assert.Equal(first, TaskLoader.LoadDirectory(_files["moved"]).Digest);
    }

    public void Dispose() => _files.Dispose();
}
