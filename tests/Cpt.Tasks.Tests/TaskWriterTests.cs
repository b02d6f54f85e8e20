namespace Cpt.Tasks.Tests;

public sealed class TaskWriterTests : IDisposable
{
    private readonly Temporary _files = new();

    [Theory]
    [InlineData("generated://digits/parity?seed=1&train=8&eval=4&answers=any")]
    [InlineData("generated://digits/copy?train=8&eval=4")]
    [InlineData("generated://world/currency")]
    public void AWrittenTaskReadsBackEqualWithTheSameDigest(string uri)
    {
        var made = TaskLoader.Load(uri);
        TaskWriter.Write(_files["out"], made);
        var read = TaskLoader.LoadDirectory(_files["out"]);

        Assert.Equal(made.Digest, read.Digest);
        Assert.Equal(made.Definition, read.Definition);
        Assert.Equal(Texts(made.Train), Texts(read.Train));
        Assert.Equal(Texts(made.Eval), Texts(read.Eval));
    }

    [Fact]
    public void ImagesAndPromptSuffixSurviveARewrite()
    {
        _files.Write("task/images/a.png", "pixels");
        var task = TaskLoader.LoadDirectory(_files.Task("""{"name": "x", "scorer": "ExactMatch", "promptSuffix": " Now:"}""", Temporary.Line("a", """, "images": ["images/a.png"]""")));
        TaskWriter.Write(_files["copy"], task);
        var read = TaskLoader.LoadDirectory(_files["copy"]);

        Assert.Equal("1+1= Now:", read.Train[0].Messages[0].Content);
        Assert.Equal("pixels", File.ReadAllText(_files["copy/images/a.png"]));
    }

    [Fact]
    public void ATakenDirectoryIsLeftAsItIs()
    {
        var task = TaskLoader.Load("generated://digits/copy?train=8&eval=4");
        _files.Write("out/notes.txt", "mine");
        Assert.Throws<IOException>(() => TaskWriter.Write(_files["out"], task));
        Assert.Throws<IOException>(() => TaskWriter.Write(_files["out"], task, replace: true));
        Assert.Throws<IOException>(() => TaskWriter.WriteAll(_files["out"], [task]));
        Assert.Equal([_files["out/notes.txt"]], Directory.GetFileSystemEntries(_files["out"]));
    }

    [Fact]
    public void ReplacingTouchesOnlyTheTasksThatAreWritten()
    {
        var copy = TaskLoader.Load("generated://digits/copy?train=8&eval=4");
        TaskWriter.WriteAll(_files["out"], [TaskLoader.Load("generated://digits/copy?train=2&eval=2"), TaskLoader.Load("generated://digits/half?train=2&eval=2")]);
        _files.Write("out/notes.txt", "mine");
        var half = TaskDigest.OfDirectory(_files["out/half"]);

        TaskWriter.WriteAll(_files["out"], [copy], replace: true);

        Assert.Equal(copy.Digest, TaskDigest.OfDirectory(_files["out/copy"]));
        Assert.Equal(half, TaskDigest.OfDirectory(_files["out/half"]));
        Assert.Equal(["copy", "half", "notes.txt"], Directory.GetFileSystemEntries(_files["out"]).Select(path => Path.GetFileName(path)!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void NothingIsLeftWhenWritingFailsHalfWay()
    {
        var good = TaskLoader.Load("generated://digits/copy?train=8&eval=4");
        var lost = good with { Definition = good.Definition with { Name = "lost" }, Directory = _files["nowhere"], Train = [good.Train[0] with { Images = ["gone.png"] }] };
        Assert.ThrowsAny<IOException>(() => TaskWriter.WriteAll(_files["out"], [good, lost]));
        Assert.Empty(Directory.GetFileSystemEntries(_files.Root));
    }

    [Fact]
    public void AnEmptyDirectoryIsFilled()
    {
        Directory.CreateDirectory(_files["out"]);
        TaskWriter.WriteAll(_files["out"], [TaskLoader.Load("generated://digits/copy?train=8&eval=4")]);
        Assert.Equal("copy", TaskLoader.LoadDirectory(_files["out/copy"]).Name);
    }

    public void Dispose() => _files.Dispose();

    private static IEnumerable<string> Texts(IEnumerable<Sample> samples) =>
        samples.Select(sample => $"{sample.Id}|{string.Join(';', sample.Messages)}|{sample.Answer}|{sample.Accept}|{string.Join(';', sample.Choices)}");
}
