namespace Cpt.Tasks.Tests;

public sealed class ScorerTests
{
    [Theory]
    [InlineData("Paris", " Paris\n", 1)]
    [InlineData("Paris", "paris", 0)]
    [InlineData("Paris", "Paris.", 0)]
    [InlineData("Paris", "<think>Lyon? \\boxed{Lyon}</think> It is \\boxed{Paris}.", 1)]
    [InlineData("Paris", "<think>Paris</think>Lyon", 0)]
    [InlineData("Paris", "", 0)]
    public void ExactMatchComparesTheFinalAnswer(string answer, string response, double score) =>
        Assert.Equal(score, Scorers.Get("ExactMatch").Score(Question(answer), response));

    [Fact]
    public void ExactMatchMayIgnoreCase() =>
        Assert.Equal(1, Scorers.Get("ExactMatch(ignoreCase=true)").Score(Question("Paris"), "PARIS"));

    [Theory]
    [InlineData("101", 1)]
    [InlineData(" 787 ", 1)]
    [InlineData("\\boxed{101}", 1)]
    [InlineData("1010", 0)]
    [InlineData("9101", 0)]
    [InlineData("001", 0)]
    [InlineData("101\n101", 0)]
    public void PatternMatchesTheWholeAnswer(string response, double score) =>
        Assert.Equal(score, Scorers.Get("Pattern").Score(Question("101") with { Accept = "[13579][02468][13579]" }, response));

    [Fact]
    public void AlternativesOfAPatternMatchAsAWhole() =>
        Assert.Equal(0, Scorers.Get("Pattern").Score(Question("a") with { Accept = "a|b" }, "ab"));

    [Theory]
    [InlineData("Exact", "unknown scorer 'Exact'; known are ExactMatch, ChoiceLetter, Numeric, Pattern, BoxedAnswer, Latex, VqaAccuracy, YesNo, IoU")]
    [InlineData("", "unknown scorer ''; known are ExactMatch, ChoiceLetter, Numeric, Pattern, BoxedAnswer, Latex, VqaAccuracy, YesNo, IoU")]
    [InlineData("Numeric(tol=1)", "scorer Numeric: unknown parameter 'tol'; known are tolerance, relative")]
    [InlineData("Pattern(x=1)", "scorer Pattern: unknown parameter 'x'; it takes none")]
    [InlineData("Numeric(tolerance=-1)", "scorer Numeric: tolerance=-1 must be a number of at least 0, for example tolerance=0.01")]
    [InlineData("Numeric(tolerance=NaN)", "scorer Numeric: tolerance=NaN must be a number of at least 0, for example tolerance=0.01")]
    [InlineData("Numeric(tolerance)", "scorer Numeric: 'tolerance' is no parameter; write Numeric(key=value)")]
    [InlineData("Numeric(tolerance=1,tolerance=2)", "scorer Numeric: parameter 'tolerance' is given twice")]
    [InlineData("Numeric(tolerance=1", "scorer Numeric(tolerance=1: the closing parenthesis is missing")]
    [InlineData("IoU(threshold=2)", "scorer IoU: threshold=2 must be at most 1")]
    [InlineData("BoxedAnswer(content=IoU)", "scorer BoxedAnswer: content=IoU must be one of Latex, ExactMatch, ChoiceLetter, Numeric, Pattern, YesNo")]
    [InlineData("ExactMatch(ignoreCase=yes)", "scorer ExactMatch: ignoreCase=yes must be true or false")]
    public void AWrongScorerIsRefusedWithWhatWouldBeRight(string scorer, string expected)
    {
        Assert.Equal(expected, Assert.Throws<TaskDataException>(() => Scorers.Get(scorer)).Message);
        Assert.False(Scorers.TryGet(scorer, out _, out var problem));
        Assert.Equal(expected, problem);
    }

    [Theory]
    [InlineData("x \\boxed{42} y", "42")]
    [InlineData("\\boxed{1} then \\boxed{2}", "2")]
    [InlineData("\\boxed{\\frac{1}{2}}", "\\frac{1}{2}")]
    [InlineData("\\boxed{a{b{c}}d}e}", "a{b{c}}d")]
    [InlineData("\\boxed{\\{1, 2\\}}", "\\{1, 2\\}")]
    [InlineData("\\boxed {x}", "x")]
    [InlineData("\\boxed{}", "")]
    [InlineData("\\boxed{1} and \\boxed{2", "1")]
    [InlineData("\\boxed", null)]
    [InlineData("nothing", null)]
    [InlineData("\\boxed{never closed", null)]
    [InlineData("\\boxed{ends in a backslash\\", null)]
    public void TheLastClosedBoxIsTheAnswer(string text, string? content) => Assert.Equal(content, FinalAnswer.LastBoxed(text));

    [Fact]
    public void ScorersNeverThrowOnWhatAModelMayWrite()
    {
        var random = new SplitMix64(7);
        const string Pieces = @"\boxed{}()AB.1,/%-e \frac<think></think>$=:iswer9[]^\sqrt\text\piyesno";
        var samples = new (string Scorer, Sample Sample)[]
        {
            ("ExactMatch", Question("A")), ("ChoiceLetter", Question("A")), ("Numeric", Question("1")), ("Pattern", Question("1") with { Accept = "[0-9]+" }),
            ("BoxedAnswer", Question("1")), ("Latex", Question("\\frac{1}{9}")), ("VqaAccuracy", Question("A") with { Answers = ["A", "1"] }), ("YesNo", Question("yes")), ("IoU(soft=true)", Question("[1, 1, 9, 9]")),
        };
        for (var trial = 0; trial < 3000; trial++)
        {
            var response = string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => Pieces[random.Next(Pieces.Length)]));
            foreach (var (scorer, sample) in samples)
                Assert.InRange(Scorers.Get(scorer).Score(sample, response), 0, 1);
        }
    }

    internal static Sample Question(string answer) => new() { Id = "q", Messages = [new TaskMessage("user", "?")], Answer = answer };
}
