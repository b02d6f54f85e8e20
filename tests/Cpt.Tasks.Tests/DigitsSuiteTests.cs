namespace Cpt.Tasks.Tests;

public sealed class DigitsSuiteTests
{
    public static TheoryData<string> Tasks => [.. DigitTask.All.Select(task => task.Name)];

    [Theory]
    [InlineData("copy", 129, "129")]
    [InlineData("reverse", 129, "921")]
    [InlineData("increment", 129, "230")]
    [InlineData("rotate", 129, "291")]
    [InlineData("parity", 129, "101")]
    [InlineData("half", 129, "005")]
    [InlineData("half", 455, "055")]
    [InlineData("residue", 129, "120")]
    [InlineData("residue", 7, "001")]
    public void TheCanonicalAnswerFollowsTheRule(string name, int input, string answer) =>
        Assert.Equal(answer, Task(name).Canonical(input));

    [Theory]
    [MemberData(nameof(Tasks))]
    public void AcceptHoldsExactlyForTheAnswersTheRuleAllows(string name)
    {
        var task = Task(name);
        foreach (var input in Enumerable.Range(0, 50).Select(index => index * 19 % 1000))
        {
            var digits = input.ToString("D3", null).Select(digit => digit - '0').ToArray();
            var right = Enumerable.Range(0, 1000)
                .Where(answer => Follows(name, digits, [answer / 100, answer / 10 % 10, answer % 10]))
                .Select(answer => answer.ToString("D3", null));
            var accepted = Enumerable.Range(0, 1000).Select(answer => answer.ToString("D3", null)).Where(answer => AcceptPatterns.Matches(task.Accept(input), answer));
            Assert.Equal(right, accepted);
            Assert.Equal(right.First(), task.Canonical(input));
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void NoPromptOfTheEvaluationSplitIsInTheTrainSplit(string name)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var task = TaskLoader.Load($"generated://digits/{name}?seed={seed}&train=2048&eval=256");
            var train = task.Train.Select(sample => sample.Messages[0].Content).ToList();
            var eval = task.Eval.Select(sample => sample.Messages[0].Content).ToList();
            Assert.Equal((2048, 256), (train.Count, eval.Count));
            Assert.Equal(256, eval.Distinct().Count());
            Assert.Equal(744, train.Distinct().Count());
            Assert.Empty(eval.Intersect(train));
            Assert.All(train.CountBy(prompt => prompt), prompt => Assert.InRange(prompt.Value, 2, 3));
        }
    }

    [Theory]
    [MemberData(nameof(Tasks))]
    public void EveryAnswerOfASplitScoresOne(string name)
    {
        foreach (var answers in new[] { "canonical", "any" })
        {
            var task = TaskLoader.Load($"generated://digits/{name}?seed=5&answers={answers}");
            Assert.All(task.Train.Concat(task.Eval), sample => Assert.Equal(1, task.Scorer.Score(sample, sample.Answer)));
            Assert.All(task.Train.Concat(task.Eval), sample => Assert.Equal(0, task.Scorer.Score(sample, sample.Answer + "0")));
        }
    }

    [Fact]
    public void AnyDrawsEveryRightDigitEvenly()
    {
        var train = TaskLoader.Load("generated://digits/parity?train=20000&answers=any").Train;
        foreach (var digits in train.SelectMany(sample => sample.Answer).CountBy(digit => digit))
            Assert.InRange(digits.Value, 5600, 6400);
    }

    [Fact]
    public void CanonicalTeachesOneAnswerForEachPrompt()
    {
        var train = TaskLoader.Load("generated://digits/residue?seed=2").Train;
        Assert.All(train.GroupBy(sample => sample.Messages[0].Content), prompt => Assert.Single(prompt.Select(sample => sample.Answer).Distinct()));
    }

    [Fact]
    public void TheSameUriGivesTheSameTaskAndEveryOptionCounts()
    {
        const string Uri = "generated://digits/parity?seed=1&train=64&eval=16&answers=canonical";
        Assert.Equal(TaskLoader.Load(Uri).Digest, TaskLoader.Load(Uri).Digest);
        string[] others = ["seed=2&train=64&eval=16", "seed=1&train=65&eval=16", "seed=1&train=64&eval=17", "seed=1&train=64&eval=16&answers=any"];
        var digests = others.Select(options => TaskLoader.Load("generated://digits/parity?" + options).Digest).Append(TaskLoader.Load(Uri).Digest);
        Assert.Equal(5, digests.Distinct().Count());
        Assert.Equal(TaskLoader.Load("generated://digits/parity").Digest, TaskLoader.Load("generated://digits/parity?answers=canonical&eval=256&train=2048&seed=0").Digest);
    }

    [Fact]
    public void TheGeneratedTextIsPinnedBecauseStagesAreNamedByItsDigest() =>
        Assert.StartsWith("0159b0cb67b8758461d76f8a0c16198f00b4293090ab4f80", TaskLoader.Load("generated://digits/parity?seed=1&train=64&eval=16").Digest, StringComparison.Ordinal);

    [Fact]
    public void SeedsGiveDifferentSplits()
    {
        var first = Prompts("seed=1");
        Assert.NotEqual(first, Prompts("seed=2"));
        Assert.Equal(first, Prompts("seed=1"));

        static HashSet<string> Prompts(string options) => [.. TaskLoader.Load("generated://digits/copy?" + options).Eval.Select(sample => sample.Messages[0].Content)];
    }

    private static DigitTask Task(string name) => DigitTask.All.Single(task => task.Name == name);

    // The rules once more, in other words than the suite's.
    private static bool Follows(string name, int[] input, int[] answer) => name switch
    {
        "copy" => answer.SequenceEqual(input),
        "reverse" => answer.Reverse().SequenceEqual(input),
        "increment" => answer.Zip(input).All(pair => (pair.First + 9) % 10 == pair.Second),
        "rotate" => (answer[2], answer[0], answer[1]) == (input[0], input[1], input[2]),
        "parity" => answer.Zip(input).All(pair => (pair.First - pair.Second) % 2 == 0),
        "half" => answer.Zip(input).All(pair => (pair.First < 5) == (pair.Second < 5)),
        "residue" => answer.Zip(input).All(pair => (pair.First - pair.Second) % 3 == 0),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such rule"),
    };
}
