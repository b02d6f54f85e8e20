using System.Globalization;

namespace Cpt.Tasks.Tests;

/// <summary>Every answer is what somebody reads who sees the picture and the question alone.</summary>
public sealed class StudySuiteTests : IDisposable
{
    private readonly Temporary _files = new();

    public static TheoryData<string> Names => [.. StudySuite.Suite.Tasks.Select(task => task.Name)];

    public void Dispose() => _files.Dispose();

    [Fact]
    public void TheFullestTubeIsTheAnswersOption() => Each("science", (picture, question, sample) =>
    {
        var levels = Enumerable.Range(0, 3).Select(tube => Enumerable.Range(0, 28).Count(y => PictureReader.At(picture, (28 * tube) + 14, y) == PictureReader.At(picture, (28 * tube) + 14, 24))).ToArray();
        Assert.Single(levels, level => level == levels.Max());
        var words = question.Split(' ');
        Assert.Equal(["Fullest?", "A", "B", "C"], new[] { words[0], words[1], words[3], words[5] });
        var place = new[] { "left", "middle", "right" }[Array.IndexOf(levels, levels.Max())];
        Assert.Equal(sample.Choices, [words[2], words[4], words[6]]);
        return words[Array.IndexOf(words, place) - 1];
    });

    [Fact]
    public void TheLettersAreThoseThatArePrinted() => Each("text", (picture, _, _) =>
        string.Concat(Enumerable.Range(0, 3).Select(place => PictureReader.Letter(picture, 28 * place, 28 * (place + 1), 0, 28, 3)!.Value)));

    [Fact]
    public void ADigitIsReadUnlessNothingIsLeftOfIt()
    {
        var task = TaskLoader.Load("generated://study/blurred?seed=3&train=400&eval=4");
        var (sharp, little, hopeless) = (0, 0, 0);
        foreach (var sample in task.Train)
        {
            var picture = task.Drawn(sample.Images[0])!;
            var contrast = picture.Pixels.Max() - picture.Pixels.Min();
            Assert.Equal(10, sample.Answers.Count);
            if (PictureReader.Digit(picture, 0, 28, 0, 28, 3) is { } digit)
            {
                sharp++;
                Assert.Equal(digit.ToString(CultureInfo.InvariantCulture), sample.Answer);
                Assert.InRange(sample.Answers.Count(answer => answer == sample.Answer), 9, 10);
            }
            else if (sample.Answer == "unanswerable")
            {
                hopeless++;
                Assert.InRange(contrast, 0, 75);
                Assert.InRange(sample.Answers.Count(answer => answer == "unanswerable"), 8, 10);
            }
            else
            {
                little++;
                Assert.InRange(contrast, 76, 255);
                Assert.Equal(3, sample.Answers.Count(answer => answer == "unanswerable"));
            }

            Assert.Equal(1, task.Scorer.Score(sample, sample.Answer), 12);
        }

        Assert.All([sharp / 400.0, little / 400.0, hopeless / 400.0], share => Assert.InRange(share, 0.12, 0.5));
    }

    [Fact]
    public void WhatStandsBesideTheRedShapeIsTheAnswer() => Each("relations", (picture, question, _) =>
    {
        var islands = PictureReader.Islands(picture);
        var red = Assert.Single(islands, island => island.Name == "red");
        Assert.Equal(3, islands.Count);
        int Column(PictureReader.Island island) => (island.Left + island.Right) / 56;
        int Row(PictureReader.Island island) => (island.Top + island.Bottom) / 56;
        var (right, down) = question switch { "Left of red?" => (-1, 0), "Right of red?" => (1, 0), "Above red?" => (0, -1), "Below red?" => (0, 1), _ => throw new InvalidOperationException(question) };
        return Assert.Single(islands, island => Column(island) == Column(red) + right && Row(island) == Row(red) + down).Kind;
    });

    [Fact]
    public void AreaAndPerimeterAreThoseOfTheWrittenSides() => Each("geometry", (picture, question, _) =>
    {
        var (width, height) = (PictureReader.Digit(picture, 30, 56, 0, 18, 2)!.Value, PictureReader.Digit(picture, 0, 15, 30, 56, 2)!.Value);
        var rectangle = PictureReader.Islands(picture).MaxBy(island => (island.Left, island.Top) == (16, 20) ? 1 : 0)!;
        Assert.Equal((7 * width, 7 * height), (rectangle.Width, rectangle.Height));
        return (question switch { "Area?" => width * height, "Perimeter?" => 2 * (width + height), _ => throw new InvalidOperationException(question) }).ToString(CultureInfo.InvariantCulture);
    });

    [Fact]
    public void TheTextureIsTheOneThatIsAskedForWhereTheAnswerIsYes() => Each("textures", (picture, question, _) =>
    {
        bool RowsAreEven() => Enumerable.Range(0, 28).All(y => Enumerable.Range(0, 28).All(x => PictureReader.At(picture, x, y) == PictureReader.At(picture, 0, y)));
        bool ColumnsAreEven() => Enumerable.Range(0, 28).All(x => Enumerable.Range(0, 28).All(y => PictureReader.At(picture, x, y) == PictureReader.At(picture, x, 0)));
        var dark = Enumerable.Range(0, 28 * 28).Count(at => PictureReader.At(picture, at % 28, at / 28).Red < 128) / (28.0 * 28);
        var texture = RowsAreEven() ? "Lying stripes?" : ColumnsAreEven() ? "Standing stripes?" : dark > 0.4 ? "Checks?" : "Dots?";
        return texture == question ? "yes" : "no";
    });

    [Fact]
    public void CountsAreThoseOfTheShapesThatAreThere() => Each("counting", (picture, question, _) =>
    {
        var asked = question["How many ".Length..^1];
        return PictureReader.Islands(picture).Count(island => island.Name == asked || island.Kind + "s" == asked).ToString(CultureInfo.InvariantCulture);
    });

    [Fact]
    public void GeneralSkillsAreReadFromTheirPictures() => Each("general", (picture, question, _) =>
    {
        var islands = PictureReader.Islands(picture);
        return question switch
        {
            "Number?" => $"{PictureReader.Digit(picture, 0, 28, 0, 28, 3)}{PictureReader.Digit(picture, 28, 56, 0, 28, 3)}",
            "Colour?" => Assert.Single(islands).Name,
            "Larger?" => islands.MaxBy(island => island.Area)!.Left < 28 ? "left" : "right",
            _ => throw new InvalidOperationException(question),
        };
    });

    [Theory]
    [InlineData("science", "A:0.33 B:0.33 C:0.33")]
    [InlineData("relations", "disc:0.33 square:0.33 triangle:0.33")]
    [InlineData("textures", "yes:0.5 no:0.5")]
    [InlineData("counting", "0:0.23 1:0.41 2:0.25 3:0.09 4:0.02")]
    public void AnswersAreSpreadAsTheDrawingIs(string name, string shares)
    {
        var answers = TaskLoader.Load($"generated://study/{name}?seed=5&train=2000&eval=1").Train.CountBy(sample => sample.Answer).ToDictionary(pair => pair.Key, pair => pair.Value / 2000.0, StringComparer.Ordinal);
        foreach (var (answer, share) in shares.Split(' ').Select(pair => pair.Split(':')).Select(pair => (pair[0], double.Parse(pair[1], CultureInfo.InvariantCulture))))
            Assert.InRange(answers[answer], share - 0.05, share + 0.05);
        Assert.Equal(shares.Split(' ').Length, answers.Count);
    }

    [Theory]
    [InlineData("text", 500, 0.01)]
    [InlineData("geometry", 16, 0.16)]
    [InlineData("blurred", 11, 0.5)]
    [InlineData("general", 80, 0.2)]
    public void NoAnswerIsWorthGuessing(string name, int distinct, double most)
    {
        var answers = TaskLoader.Load($"generated://study/{name}?seed=5&train=1500&eval=1").Train.CountBy(sample => sample.Answer).ToList();
        Assert.InRange(answers.Count, distinct, int.MaxValue);
        Assert.InRange(answers.Max(pair => pair.Value / 1500.0), 0, most);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void EveryTaskIsWrittenReadAndDrawnTheSame(string name)
    {
        var uri = $"generated://study/{name}?seed=3&train=40&eval=10";
        var (made, again) = (TaskLoader.Load(uri), TaskLoader.Load(uri));
        Assert.Equal(made.Digest, again.Digest);
        Assert.NotEqual(made.Digest, TaskLoader.Load(uri.Replace("seed=3", "seed=4", StringComparison.Ordinal)).Digest);
        TaskWriter.Write(_files[name], made);
        Assert.Equal(made.Digest, TaskLoader.LoadDirectory(_files[name]).Digest);
        foreach (var sample in made.Train.Concat(made.Eval))
        {
            var picture = made.Drawn(sample.Images[0])!;
            Assert.Equal((0, 0), (picture.Width % 28, picture.Height % 28));
            Assert.Equal(1, made.Scorer.Score(sample, sample.Answer), 12);
        }

        Assert.Empty(Files(made.Eval).Intersect(Files(made.Train)));
        IEnumerable<string> Files(IEnumerable<Sample> samples) => samples.Select(sample => Convert.ToHexString(made.ImageFile(sample.Images[0])));
    }

    /// <summary>Stages are named by these; whoever changes a drawing changes every task of that name.</summary>
    [Theory]
    [InlineData("science", "f9103795ec3b71ab094ca973abbec5b7ddf27138d173bdb6f0103842ad22a38a")]
    [InlineData("text", "549c09dcbe3e5d26024fcb6a2bb63d8a0ea015acf81651e6580143f4f9009338")]
    [InlineData("blurred", "30e7c78cea504bcb88ec54c72b556cddb00f9cc3fa9f94414b7553637548bd20")]
    [InlineData("relations", "301add8d8d736708988ce3f9ca2d70baebccb96cf9fbbcc340476ccbcefa7ff3")]
    [InlineData("geometry", "b9eb4440f8de4824ef56f8617d37cdd967aa8d64f969d7353f952abef51b7c62")]
    [InlineData("textures", "e9055ebda64c319a56db5b9dc7ef3bbf88102c1afcccb002da305f4e179c87f9")]
    [InlineData("counting", "0b9c46fc6379f74ade2e0e60662415b981244621521332fe7ca6153c8ea5e340")]
    [InlineData("general", "b912277575e35852e1b562b24dc2601fb1bc2a6d063a322de906cb39641c889e")]
    public void DigestsAreFixed(string name, string digest) => Assert.Equal(digest, TaskLoader.Load($"generated://study/{name}?seed=1&train=8&eval=4").Digest);

    [Fact]
    public void GeneralSkillsAskWhatNoTaskAsks()
    {
        HashSet<string> Questions(string name) => [.. TaskLoader.Load($"generated://study/{name}?train=200&eval=1").Train.Select(sample => sample.Messages[0].Content)];
        Assert.Empty(StudySuite.Tasks.SelectMany(task => Questions(task.Name)).Intersect(Questions("general")));
    }

    [Fact]
    public void TheCorpusHalfKnowsTheTasksAndKnowsTheGeneralSkills()
    {
        var (corpus, certain) = (new StudyCorpus(seed: 5, perTask: 60, validProbability: 0.5), new StudyCorpus(seed: 5, perTask: 60, validProbability: 1));
        Assert.Equal((480, 8), (corpus.BatchSize, corpus.Tasks.Count));
        var pairs = corpus.Batch(2).Zip(certain.Batch(2)).ToList();
        Assert.All(pairs.Where((_, place) => place % 8 == 7), pair => Assert.Equal(pair.Second.Answer, pair.First.Answer));
        var texts = pairs.Where((_, place) => place % 8 == 1).ToList();
        Assert.InRange(texts.Count(pair => pair.First.Answer == pair.Second.Answer), 20, 40);
        Assert.All(pairs, pair => Assert.Equal((pair.Second.Prompt, true), (pair.First.Prompt, pair.First.Picture!.Pixels.AsSpan().SequenceEqual(pair.Second.Picture!.Pixels))));
        Assert.NotEqual(corpus.Batch(2).Select(demonstration => demonstration.Answer), corpus.Batch(3).Select(demonstration => demonstration.Answer));
    }

    private static void Each(string name, Func<Picture, string, Sample, string> read)
    {
        var task = TaskLoader.Load($"generated://study/{name}?seed=3&train=120&eval=8");
        foreach (var sample in task.Train.Concat(task.Eval))
            Assert.Equal((sample.Id, read(task.Drawn(sample.Images[0])!, sample.Messages[0].Content["<image>".Length..], sample)), (sample.Id, sample.Answer));
    }
}
