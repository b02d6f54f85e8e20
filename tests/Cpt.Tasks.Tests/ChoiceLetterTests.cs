namespace Cpt.Tasks.Tests;

public sealed class ChoiceLetterTests
{
    [Theory]
    [InlineData("B")]
    [InlineData(" b \n")]
    [InlineData("(B)")]
    [InlineData("[B]")]
    [InlineData("B.")]
    [InlineData("B)")]
    [InlineData("B:")]
    [InlineData("**B**")]
    [InlineData("\\boxed{B}")]
    [InlineData("\\boxed{\\text{B}}")]
    [InlineData("\\boxed{(B)}")]
    [InlineData("<think>A or C?</think>B")]
    [InlineData("<think>A is \\boxed{A}?</think> So \\boxed{B}.")]
    [InlineData("The answer is B")]
    [InlineData("The answer is (B).")]
    [InlineData("The answer is B because A cat barks.")]
    [InlineData("The correct option is b.")]
    [InlineData("Answer: B")]
    [InlineData("answer: **B**")]
    [InlineData("I choose option B.")]
    [InlineData("I would pick B")]
    [InlineData("B. dog")]
    [InlineData("(B) dog")]
    [InlineData("B) a dog, which has vitamin C in it")]
    [InlineData("It must be B, I think")]
    [InlineData("Option B")]
    [InlineData("The answer is B, not C.")]
    [InlineData("Not A, not C: the answer must be B")]
    [InlineData("dog")]
    [InlineData("Dog.")]
    public void TheLetterIsFoundHoweverItIsSaid(string response) => Assert.Equal('B', ChoiceLetterScorer.Read(response, ["cat", "dog", "cow", "dove"]));

    [Fact]
    public void AnAnswerOfAIsFoundThoughItIsAlsoAnArticle()
    {
        Assert.Equal('A', ChoiceLetterScorer.Read("The answer is A because it is a cat.", []));
        Assert.Equal('A', ChoiceLetterScorer.Read("A", []));
        Assert.Equal('A', ChoiceLetterScorer.Read("It is (A), a cat", []));
    }

    [Theory]
    [InlineData("A or B")]
    [InlineData("The answer is A or B")]
    [InlineData("The answer is A. No, the answer is B.")]
    [InlineData("A. cat B. dog C. cow D. dove")]
    [InlineData("A, B, C, D")]
    [InlineData("A/B")]
    [InlineData("It is not B.")]
    [InlineData("A cat")]
    [InlineData("I think so")]
    [InlineData("The answer is a cat")]
    [InlineData("Big")]
    [InlineData("E")]
    [InlineData("The answer is Z.")]
    [InlineData("")]
    [InlineData("???")]
    public void AResponseThatDecidesForNoneIsNoAnswer(string response) => Assert.Null(ChoiceLetterScorer.Read(response, ["cat", "dog", "cow", "dove"]));

    [Fact]
    public void TheScoreIsOneForTheRightLetterAndZeroElse()
    {
        var scorer = Scorers.Get("ChoiceLetter");
        var sample = new Sample { Id = "q", Messages = [new TaskMessage("user", "?")], Answer = "C" };
        Assert.Equal((1, 0, 0), (scorer.Score(sample, "(C)"), scorer.Score(sample, "(B)"), scorer.Score(sample, "B or C")));
    }

    [Fact]
    public void AnAnswerBeyondTheChoicesIsAProblem()
    {
        var sample = new Sample { Id = "q", Messages = [new TaskMessage("user", "?")], Answer = "C", Choices = ["yes", "no"] };
        Assert.Equal("answer: 'C' must be one letter from A to B", Scorers.Get("ChoiceLetter").Problem(sample));
    }
}
