namespace Cpt.Tasks.Tests;

/// <summary>BoxedAnswer, VqaAccuracy, YesNo and IoU, each against cases worked out by hand.</summary>
public sealed class VerifierTests
{
    [Theory]
    [InlineData("BoxedAnswer", "\\frac{1}{2}", "so \\boxed{0.5}", 1)]
    [InlineData("BoxedAnswer", "\\frac{1}{2}", "so 0.5", 0)]
    [InlineData("BoxedAnswer", "2", "\\boxed{1} no, \\boxed{2}", 1)]
    [InlineData("BoxedAnswer", "2", "\\boxed{2} no, \\boxed{1}", 0)]
    [InlineData("BoxedAnswer", "2", "<think>\\boxed{2}</think> 2", 0)]
    [InlineData("BoxedAnswer", "\\frac{1}{\\sqrt{2}}", "\\boxed{\\frac{\\sqrt{2}}{2}}", 1)]
    [InlineData("BoxedAnswer", "2", "\\boxed{2", 0)]
    [InlineData("BoxedAnswer(content=ChoiceLetter)", "B", "\\boxed{(B)}", 1)]
    [InlineData("BoxedAnswer(content=ChoiceLetter)", "B", "(B)", 0)]
    [InlineData("BoxedAnswer(content=ExactMatch)", "Paris", "\\boxed{Paris}", 1)]
    [InlineData("BoxedAnswer(content=ExactMatch)", "Paris", "\\boxed{paris}", 0)]
    [InlineData("BoxedAnswer(content=YesNo)", "yes", "no \\boxed{Yes}", 1)]
    public void OnlyTheLastBoxCounts(string scorer, string answer, string response, double score) => Assert.Equal(score, Scorers.Get(scorer).Score(ScorerTests.Question(answer), response));

    [Theory]
    [InlineData(0, 0.0)]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.6)]
    [InlineData(3, 0.9)]
    [InlineData(4, 1.0)]
    [InlineData(10, 1.0)]
    public void AnAnswerIsAsRightAsManyOfTenAnnotatorsGaveIt(int matches, double score)
    {
        // Leave one out: of 2 matches, 2 of the 10 choices leave one match (1/3), 8 leave both (2/3): (2·1/3 + 8·2/3)/10 = 0.6.
        var sample = Asked([.. Enumerable.Repeat("red", matches), .. Enumerable.Range(0, 10 - matches).Select(other => $"other {other}")]);
        Assert.Equal(score, Scorers.Get("VqaAccuracy").Score(sample, "Red."), 12);
    }

    [Theory]
    [InlineData(3, 1, 0.2222222222222222)]
    [InlineData(1, 1, 1)]
    [InlineData(5, 5, 1)]
    [InlineData(3, 3, 0.6666666666666666)]
    public void FewerAnnotatorsAreCountedTheSameWay(int annotators, int matches, double score) =>
        Assert.Equal(score, Scorers.Get("VqaAccuracy").Score(Asked([.. Enumerable.Repeat("red", matches), .. Enumerable.Repeat("blue", annotators - matches)]), "red"), 12);

    [Theory]
    [InlineData("Two", "2")]
    [InlineData("none", "0")]
    [InlineData("the red car", "Red  car")]
    [InlineData("an apple", "a apple.")]
    [InlineData("red/blue", "red blue")]
    [InlineData("t-shirt", "T shirt")]
    [InlineData("1,000", "1000")]
    [InlineData("3.5", "3.5")]
    [InlineData("dont know", "don't know")]
    [InlineData("coca cola!", "Coca Cola")]
    [InlineData("Unanswerable", "unanswerable")]
    [InlineData("5:30", "5:30")]
    public void AnswersAreNormalised(string one, string other) => Assert.Equal(VqaText.Of(one), VqaText.Of(other));

    [Theory]
    [InlineData("3.5", "35")]
    [InlineData("5:30", "530")]
    [InlineData("red", "green")]
    [InlineData("twenty", "20")]
    [InlineData("anthem", "them")]
    public void DifferentAnswersStayDifferent(string one, string other) => Assert.NotEqual(VqaText.Of(one), VqaText.Of(other));

    [Fact]
    public void UnanswerableIsAnAnswerLikeAnyOther()
    {
        var sample = Asked([.. Enumerable.Repeat("unanswerable", 7), "blue", "blue", "blue"]);
        Assert.Equal(1, Scorers.Get("VqaAccuracy").Score(sample, "\\boxed{Unanswerable}"), 12);
        Assert.Equal(0.9, Scorers.Get("VqaAccuracy").Score(sample, "blue"), 12);
        Assert.Equal(0, Scorers.Get("VqaAccuracy").Score(sample, "I cannot see it"));
    }

    [Theory]
    [InlineData("yes", "Yes", 1)]
    [InlineData("yes", "yes, there is a dog", 1)]
    [InlineData("no", "Yes", 0)]
    [InlineData("no", "No, and yes would be wrong", 1)]
    [InlineData("yes", "The answer is yes.", 1)]
    [InlineData("yes", "It is either yes or no", 0)]
    [InlineData("no", "There is nothing", 0)]
    [InlineData("no", "I know", 0)]
    [InlineData("yes", "**Yes**", 1)]
    [InlineData("Yes", "<think>no</think>\\boxed{yes}", 1)]
    [InlineData("no", "", 0)]
    public void YesAndNoAreReadFromWhatIsSaid(string answer, string response, double score) => Assert.Equal(score, Scorers.Get("YesNo").Score(ScorerTests.Question(answer), response));

    [Theory]
    [InlineData("IoU", "[0, 0, 10, 10]", "[0, 0, 10, 10]", 1)]
    [InlineData("IoU", "[0, 0, 10, 10]", "[0, 0, 10, 5]", 1)]
    [InlineData("IoU", "[0, 0, 10, 10]", "[0, 0, 10, 4.9]", 0)]
    [InlineData("IoU(threshold=0.4)", "[0, 0, 10, 10]", "[0, 0, 10, 4.9]", 1)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "[5, 0, 15, 10]", 0.3333333333333333)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "[5, 5, 15, 15]", 0.14285714285714285)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "[10, 0, 20, 10]", 0)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "(0, 0), (10, 10)", 1)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "<|box_start|>(0,0),(10,5)<|box_end|>", 0.5)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "{\"bbox_2d\": [10, 10, 0, 0], \"label\": \"dog 1\"}", 1)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "first [1, 1, 2, 2], better [0, 0, 10, 10]", 1)]
    [InlineData("IoU(soft=true)", "0 0 10 10", "0 0 10 5", 0.5)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "1 2 3 4 5", 0)]
    [InlineData("IoU(threshold=0)", "[0, 0, 10, 10]", "[20, 20, 30, 30]", 0)]
    [InlineData("IoU(soft=true)", "[0, 0, 10, 10]", "[0, 0, 1e308, 1e308]", 0)]
    [InlineData("IoU", "[0, 0, 10, 10]", "no box", 0)]
    public void BoxesAreAsRightAsTheyOverlap(string scorer, string answer, string response, double score) => Assert.Equal(score, Scorers.Get(scorer).Score(ScorerTests.Question(answer), response), 12);

    [Theory]
    [InlineData("YesNo", "maybe", "answer: 'maybe' must be yes or no")]
    [InlineData("IoU", "[1, 2, 3]", "answer: '[1, 2, 3]' is no box; write [left, top, right, bottom]")]
    [InlineData("IoU", "[1, 2, 1, 3]", "answer: '[1, 2, 1, 3]' is a box without an area; right must be more than left, and bottom more than top")]
    [InlineData("VqaAccuracy", "red", "answers: missing; they are what each of the annotators answered, for example [\"red\", \"red\", \"dark red\"]")]
    [InlineData("Latex", "$$", "answer: nothing is left of '$$' when it is read as LaTeX")]
    [InlineData("BoxedAnswer(content=YesNo)", "maybe", "answer: 'maybe' must be yes or no")]
    public void ASampleThatNobodyCouldAnswerIsRefused(string scorer, string answer, string problem) => Assert.Equal(problem, Scorers.Get(scorer).Problem(ScorerTests.Question(answer)));

    [Fact]
    public void AnAnswerThatNoAnnotatorGaveIsRefused() =>
        Assert.Equal("answer: 'green' is worth nothing by answers; write the one that most annotators gave", Scorers.Get("VqaAccuracy").Problem(Asked(["red", "red"]) with { Answer = "green" }));

    /// <summary>What takes quadratic time here would take an hour for each.</summary>
    [Fact]
    public void HostileResponsesOfHundredsOfThousandsOfCharactersAreJudged()
    {
        const int Length = 300_000;
        string[] pieces = ["\\boxed{", "}", "{", "\\", " ", "\n", "yes ", "no", "1", "1 ", "1,", "1,111,", "[1,", "(1, 2), ", "1.", "-", "- ", "a ", "A ", "answer ", "answer is ", "\\frac", "\\frac{1}", "\\sqrt{", "10^", "%", "$", "\\text{", "not ", ". ", "'", "\u00B0", "<think>", "</think>"];
        var samples = Enumerable.Zip(
            ["ExactMatch", "ChoiceLetter", "Numeric", "Pattern", "BoxedAnswer", "Latex", "VqaAccuracy", "YesNo", "IoU"],
            ["A", "A", "1", "1", "1", "1", "red", "yes", "[0, 0, 1, 1]"], (scorer, answer) => (Scorer: Scorers.Get(scorer), Sample: ScorerTests.Question(answer) with { Accept = "[0-9]+( [a-z]+)*", Answers = ["red"] })).ToList();
        foreach (var piece in pieces)
        {
            var response = string.Concat(Enumerable.Repeat(piece, Length / piece.Length));
            Assert.All(samples, sample => Assert.InRange(sample.Scorer.Score(sample.Sample, "so " + response), 0, 1));
            Assert.All(samples, sample => Assert.InRange(sample.Scorer.Score(sample.Sample, response + "x"), 0, 1));
        }
    }

    [Fact]
    public void ASampleMayHaveAScorerOfItsOwn()
    {
        using var files = new Temporary();
        var task = TaskLoader.LoadDirectory(files.Task("""{"name": "x", "scorer": "Numeric"}""", eval: Temporary.Line("a") + """{"id": "b", "messages": [{"role": "user", "content": "?"}], "answer": "yes", "scorer": "YesNo"}""" + "\n"));
        Assert.Equal((1, 0), (task.Scorer.Score(task.Eval[0], "it is 2"), task.Scorer.Score(task.Eval[0], "yes")));
        Assert.Equal((1, 0), (task.Scorer.Score(task.Eval[1], "Yes!"), task.Scorer.Score(task.Eval[1], "2")));

        TaskWriter.Write(files["copy"], task);
        Assert.Equal([null, "YesNo"], TaskLoader.LoadDirectory(files["copy"]).Eval.Select(sample => sample.Scorer));
        var overridden = task.WithScorer("ExactMatch");
        Assert.Equal((1, 0), (overridden.Scorer.Score(overridden.Eval[1], "yes"), overridden.Scorer.Score(overridden.Eval[1], "Yes!")));
    }

    [Fact]
    public void AnUnknownScorerOfASampleIsNamedWithItsLine()
    {
        using var files = new Temporary();
        var error = Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(files.Task(eval: Temporary.Line("a", ", \"scorer\": \"Exact\""))));
        Assert.Contains("eval.jsonl:1: scorer: unknown scorer 'Exact'; known are ExactMatch", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void AnswersOfAnnotatorsAreReadAndWritten()
    {
        using var files = new Temporary();
        var task = TaskLoader.LoadDirectory(files.Task("""{"name": "x", "scorer": "VqaAccuracy"}""", Temporary.Line("a", """, "answers": ["2", "two", "3"]"""), Temporary.Line("b", """, "answers": ["2"]""")));
        Assert.Equal(["2", "two", "3"], task.Train[0].Answers);
        TaskWriter.Write(files["copy"], task);
        Assert.Equal(["2", "two", "3"], TaskLoader.LoadDirectory(files["copy"]).Train[0].Answers);
        Assert.Contains("answers: missing", Assert.Throws<TaskDataException>(() => TaskLoader.LoadDirectory(files.Task("""{"name": "x", "scorer": "VqaAccuracy"}"""))).Message, StringComparison.Ordinal);
    }

    private static Sample Asked(string[] answers) => ScorerTests.Question("red") with { Answers = answers };
}
