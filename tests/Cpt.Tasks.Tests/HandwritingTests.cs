using System.Globalization;

namespace Cpt.Tasks.Tests;

/// <summary>On digits made here; the real ones are learned in an end-to-end test.</summary>
public sealed class HandwritingTests : IDisposable
{
    private readonly Temporary _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public void NumbersAndSumsAreThoseOfThePictures()
    {
        Write();
        var tasks = HandwritingImport.Tasks(HandwrittenDigits.Read(_files["mnist"]), seed: 1, train: 60, eval: 20);
        Assert.Equal(["number", "sum"], tasks.Select(task => task.Name));
        foreach (var task in tasks)
        {
            foreach (var sample in task.Train.Concat(task.Eval))
            {
                var (first, second, _) = Shown(task, sample);
                Assert.Equal(task.Name == "number" ? $"{first}{second}" : (first + second).ToString(CultureInfo.InvariantCulture), sample.Answer);
            }
        }
    }

    [Fact]
    public void NoWritingOfTheEvaluationSplitIsInTheTrainSplit()
    {
        Write();
        var task = HandwritingImport.Tasks(HandwrittenDigits.Read(_files["mnist"]), seed: 1, train: 300, eval: 100)[0];
        HashSet<int> Writings(IEnumerable<Sample> samples) => [.. samples.Select(sample => Shown(task, sample).Writing)];
        Assert.Equal([0, 1, 2, 3, 4, 5, 6, 7], Writings(task.Train).Order());
        Assert.Equal([8, 9], Writings(task.Eval).Order());
    }

    [Fact]
    public void TheSameSeedWritesTheSameBytes()
    {
        Write();
        var digits = HandwrittenDigits.Read(_files["mnist"]);
        Assert.Equal(HandwritingImport.Tasks(digits, 2, 9, 3)[1].Digest, HandwritingImport.Tasks(digits, 2, 9, 3)[1].Digest);
        Assert.NotEqual(HandwritingImport.Tasks(digits, 2, 9, 3)[1].Digest, HandwritingImport.Tasks(digits, 3, 9, 3)[1].Digest);
        var task = HandwritingImport.Tasks(digits, 2, 9, 3)[0];
        TaskWriter.Write(_files["out"], task);
        Assert.Equal(task.Digest, TaskLoader.LoadDirectory(_files["out"]).Digest);
    }

    [Theory]
    [InlineData("""{"data": [0, 0.5]}""", "data has 2 shades; expected a multiple of 784")]
    [InlineData("""{"data": []}""", "data has 0 shades")]
    [InlineData("[]", "data is missing")]
    [InlineData("{", "not valid JSON")]
    public void AFileOfAnotherFormIsRefused(string content, string expected)
    {
        Write();
        _files.Write("mnist/4.json", content);
        var error = Assert.Throws<TaskDataException>(() => HandwrittenDigits.Read(_files["mnist"]));
        Assert.Contains("4.json: " + expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AMissingFileIsNamed()
    {
        Write();
        File.Delete(_files["mnist/7.json"]);
        Assert.Contains("7.json does not exist; expected the files 0.json to 9.json", Assert.Throws<TaskNotFoundException>(() => HandwrittenDigits.Read(_files["mnist"])).Message, StringComparison.Ordinal);
    }

    /// <summary>Ten writings of each digit d; writing w is a picture of one shade, (10·d + w) / 255.</summary>
    private void Write()
    {
        for (var digit = 0; digit < 10; digit++)
        {
            var shades = Enumerable.Range(0, 10).SelectMany(writing => Enumerable.Repeat((((10 * digit) + writing) / 255.0).ToString("0.0000", CultureInfo.InvariantCulture), 784));
            _files.Write($"mnist/{digit}.json", $$"""{"data": [{{string.Join(',', shades)}}]}""");
        }
    }

    private static (int First, int Second, int Writing) Shown(TaskData task, Sample sample)
    {
        var picture = task.Drawn(sample.Images[0])!;
        Assert.Equal((56, 28), (picture.Width, picture.Height));
        return (picture.Pixels[0] / 10, picture.Pixels[28 * 3] / 10, picture.Pixels[0] % 10);
    }
}
