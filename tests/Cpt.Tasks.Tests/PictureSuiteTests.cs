using System.Globalization;

namespace Cpt.Tasks.Tests;

public sealed class PictureSuiteTests : IDisposable
{
    private readonly Temporary _files = new();

    public static TheoryData<string> Uris => [.. ShapesSuite.Tasks.Concat(NumeralsSuite.Tasks).Select(task => $"generated://{task.Suite}/{task.Name}?seed=3&train=20&eval=10")];

    public void Dispose() => _files.Dispose();

    [Theory]
    [MemberData(nameof(Uris))]
    public void AWrittenTaskReadsBackWithTheSameDigestAndTheSamePictures(string uri)
    {
        var made = TaskLoader.Load(uri);
        TaskWriter.Write(_files["out"], made);
        var read = TaskLoader.LoadDirectory(_files["out"]);
        Assert.Equal(made.Digest, read.Digest);
        Assert.True(made.HasImages && read.HasImages);
        Assert.Null(read.Drawn(read.Eval[0].Images[0]));
        foreach (var (ours, theirs) in made.Train.Zip(read.Train))
        {
            Assert.Equal((ours.Id, ours.Answer, ours.Accept, Assert.Single(ours.Images)), (theirs.Id, theirs.Answer, theirs.Accept, Assert.Single(theirs.Images)));
            Assert.Equal(made.ImageFile(ours.Images[0]), read.ImageFile(theirs.Images[0]));
        }
    }

    [Theory]
    [MemberData(nameof(Uris))]
    public void EqualSeedsGiveEqualTasksAndOthersOthers(string uri)
    {
        var (first, again, other) = (TaskLoader.Load(uri), TaskLoader.Load(uri), TaskLoader.Load(uri.Replace("seed=3", "seed=4", StringComparison.Ordinal)));
        Assert.Equal(first.Digest, again.Digest);
        Assert.NotEqual(first.Digest, other.Digest);
        Assert.Equal(first.Drawn("images/train-000007.png")!.Pixels, again.Drawn("images/train-000007.png")!.Pixels);
        Assert.Empty(Files(first.Eval).Intersect(Files(first.Train)));

        IEnumerable<string> Files(IEnumerable<Sample> samples) => samples.Select(sample => Convert.ToHexString(first.ImageFile(sample.Images[0])));
    }

    [Fact]
    public void TheDigestsOfTheSuitesDoNotChangeWithTheMachine()
    {
        // Stages are named by these; whoever changes a drawing changes every task of that name.
        Assert.Equal("ca7f0de60d7cf752cafbbfd7b297e81fd96a6e6ba9216ba85aec018df30efaf6", TaskLoader.Load("generated://shapes/count?seed=1&train=8&eval=4").Digest);
        Assert.Equal("aa0f8371ca4fa8decb101a4d03efc8bcf29cca8adb6b035ff4aaa75183653d59", TaskLoader.Load("generated://numerals/read?seed=1&train=8&eval=4").Digest);
    }

    [Fact]
    public void EveryCountAndEveryDigitComesUp()
    {
        Assert.Equal(["1", "2", "3", "4"], TaskLoader.Load("generated://shapes/count?train=200").Train.Select(sample => sample.Answer).Distinct().Order(StringComparer.Ordinal));
        var numbers = TaskLoader.Load("generated://numerals/read?train=2000").Train.Select(sample => sample.Answer).ToList();
        Assert.All(numbers, number => Assert.Matches("^[0-9]{2}$", number));
        Assert.Equal(100, numbers.Distinct().Count());
    }

    [Fact]
    public void SumsAreThoseOfTheTwoDigits()
    {
        var sums = TaskLoader.Load("generated://numerals/sum?train=500").Train.Select(sample => int.Parse(sample.Answer, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal((0, 18), (sums.Min(), sums.Max()));
    }

    [Fact]
    public void EveryColourThatIsThereIsRightAndNoOtherIs()
    {
        (string Name, byte[] Pixel)[] colours = [("red", [220, 50, 40]), ("green", [40, 170, 60]), ("blue", [50, 80, 220]), ("yellow", [240, 210, 50])];
        var task = TaskLoader.Load("generated://shapes/colour?train=40&eval=4");
        foreach (var sample in task.Train)
        {
            var pixels = task.Drawn(sample.Images[0])!.Pixels.Chunk(3).ToList();
            Assert.All(colours, colour =>
                Assert.Equal(pixels.Exists(pixel => pixel.SequenceEqual(colour.Pixel)) ? 1 : 0, task.Scorer.Score(sample, colour.Name)));
            Assert.Equal(1, task.Scorer.Score(sample, sample.Answer));
        }
    }

    [Fact]
    public void ShapesDoNotTouch()
    {
        // As many islands of colour as the answer says.
        var task = TaskLoader.Load("generated://shapes/count?train=60&eval=4");
        foreach (var sample in task.Train)
        {
            var picture = task.Drawn(sample.Images[0])!;
            Assert.Equal(sample.Answer, Islands(picture).ToString(CultureInfo.InvariantCulture));
        }
    }

    [Fact]
    public void TheCorpusIsRightAsOftenAsItSays()
    {
        var corpus = new PicturesCorpus(seed: 5, perTask: 100, validProbability: 0.7);
        var read = corpus.Batch(2).Where(demonstration => demonstration.Prompt == "Number?").ToList();
        Assert.Equal((300, 100), (corpus.BatchSize, read.Count));
        Assert.All(corpus.Batch(2), demonstration => Assert.NotNull(demonstration.Picture));
        Assert.Equal(corpus.Batch(2).Select(demonstration => demonstration.Answer), corpus.Batch(2).Select(demonstration => demonstration.Answer));
        Assert.NotEqual(corpus.Batch(2).Select(demonstration => demonstration.Answer), corpus.Batch(3).Select(demonstration => demonstration.Answer));
        var certain = new PicturesCorpus(seed: 5, perTask: 100, validProbability: 1).Batch(2).Where(demonstration => demonstration.Prompt == "Number?");
        Assert.InRange(read.Zip(certain).Count(pair => pair.First.Answer == pair.Second.Answer), 55, 85);
    }

    [Fact]
    public void ATaskOfTextHasNoImages() => Assert.False(TaskLoader.Load("generated://digits/copy?train=2&eval=2").HasImages);

    private static int Islands(Picture picture)
    {
        var ground = picture.Pixels[..3];
        bool Coloured(int at) => !picture.Pixels.AsSpan(at * 3, 3).SequenceEqual(ground);
        var seen = new HashSet<int>();
        var islands = 0;
        for (var start = 0; start < picture.Width * picture.Height; start++)
        {
            if (!Coloured(start) || !seen.Add(start))
                continue;

            islands++;
            var open = new Stack<int>([start]);
            while (open.TryPop(out var at))
            {
                var (x, y) = (at % picture.Width, at / picture.Width);
                foreach (var (nx, ny) in ((int, int)[])[(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)])
                {
                    var next = (ny * picture.Width) + nx;
                    // The same colour: shapes of two colours may stand corner to corner.
                    if (nx >= 0 && ny >= 0 && nx < picture.Width && ny < picture.Height && Coloured(next)
                        && picture.Pixels.AsSpan(next * 3, 3).SequenceEqual(picture.Pixels.AsSpan(at * 3, 3)) && seen.Add(next))
                        open.Push(next);
                }
            }
        }

        return islands;
    }
}
