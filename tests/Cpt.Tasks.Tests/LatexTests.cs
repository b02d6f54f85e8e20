using System.Globalization;

namespace Cpt.Tasks.Tests;

public sealed class LatexTests
{
    [Theory]
    [InlineData("42", 42)]
    [InlineData("-42", -42)]
    [InlineData("\u221242", -42)]
    [InlineData("3.5", 3.5)]
    [InlineData(".5", 0.5)]
    [InlineData("1,234,567.5", 1234567.5)]
    [InlineData("1{,}234", 1234)]
    [InlineData("1\\,234", 1234)]
    [InlineData("6.02e3", 6020)]
    [InlineData("6.02 \\times 10^{3}", 6020)]
    [InlineData("2 \\cdot 10^-3", 0.002)]
    [InlineData("\\frac{3}{4}", 0.75)]
    [InlineData("\\dfrac{3}{4}", 0.75)]
    [InlineData("\\frac34", 0.75)]
    [InlineData("\\frac{1+2}{2\\cdot 2}", 0.75)]
    [InlineData("-\\frac{3}{4}", -0.75)]
    [InlineData("\\frac{-3}{4}", -0.75)]
    [InlineData("3/4", 0.75)]
    [InlineData("1\\frac{3}{4}", 1.75)]
    [InlineData("1 3/4", 1.75)]
    [InlineData("\\sqrt{9}", 3)]
    [InlineData("\\sqrt2", 1.4142135623730951)]
    [InlineData("\\sqrt[3]{8}", 2)]
    [InlineData("2\\sqrt{5}", 4.47213595499958)]
    [InlineData("\\frac{\\sqrt{3}}{2}", 0.8660254037844386)]
    [InlineData("\u221A{16}", 4)]
    [InlineData("2^3", 8)]
    [InlineData("2^{-1}", 0.5)]
    [InlineData("-2^2", -4)]
    [InlineData("(-2)^2", 4)]
    [InlineData("5\u00B2", 25)]
    [InlineData("\\pi", 3.141592653589793)]
    [InlineData("2\\pi", 6.283185307179586)]
    [InlineData("\\frac{\\pi}{6}", 0.5235987755982988)]
    [InlineData("9\u03C0", 28.274333882308138)]
    [InlineData("50\\%", 0.5)]
    [InlineData("12.5%", 0.125)]
    [InlineData("\\left(1+2\\right)\\times 3", 9)]
    [InlineData("$\\frac{1}{2}$", 0.5)]
    [InlineData("\\(7\\)", 7)]
    [InlineData("30^\\circ", 30)]
    [InlineData("30^{\\circ}", 30)]
    [InlineData("30°", 30)]
    [InlineData("30 degrees", 30)]
    [InlineData("5\\text{ cm}", 5)]
    [InlineData("5 \\mathrm{cm}^2", 5)]
    [InlineData("5 square inches", 5)]
    [InlineData("12 units.", 12)]
    [InlineData("6 \u00F7 4", 1.5)]
    public void ExpressionsHaveTheirValue(string text, double value) =>
        Assert.Equal(value, LatexExpression.Value(LatexText.Of(text).Text)!.Value, Math.Abs(value) * 1e-12);

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("2x")]
    [InlineData("1 2")]
    [InlineData("1/0")]
    [InlineData("\\sqrt{-1}")]
    [InlineData("\\frac{1}{2")]
    [InlineData("(1")]
    [InlineData("1)")]
    [InlineData("1+")]
    [InlineData("1e999")]
    [InlineData("\\frac{1}")]
    [InlineData("3 apples")]
    public void WhatIsNoExpressionHasNone(string text) => Assert.Null(LatexExpression.Value(LatexText.Of(text).Text));

    [Theory]
    [InlineData("\\frac{1}{2}", "0.5", 1)]
    [InlineData("0.5", "\\boxed{\\frac12}", 1)]
    [InlineData("0.5", "<think>2</think> so \\boxed{1/2}", 1)]
    [InlineData("\\sqrt{2}", "1.4142136", 1)]
    [InlineData("\\sqrt{2}", "1.41", 0)]
    [InlineData("\\sqrt{8}", "2\\sqrt{2}", 1)]
    [InlineData("5", "x = 5", 1)]
    [InlineData("x = 5", "5", 1)]
    [InlineData("x = 5", "y = 5", 0)]
    [InlineData("5 cm", "5", 1)]
    [InlineData("5 cm", "5 centimeters", 1)]
    [InlineData("5", "5 cm", 1)]
    [InlineData("5 cm", "5 m", 0)]
    [InlineData("5 cm^2", "5 \\text{ square centimeters}", 1)]
    [InlineData("5 cm^2", "5 cm", 0)]
    [InlineData("50\\%", "50", 1)]
    [InlineData("50", "50\\%", 1)]
    [InlineData("50\\%", "0.5", 1)]
    [InlineData("50\\%", "5", 0)]
    [InlineData("1,000", "1000", 1)]
    [InlineData("60^\\circ", "60", 1)]
    [InlineData("x^{2}+1", "x^2 + 1", 1)]
    [InlineData("\\frac{x}{2}", "\\dfrac x2", 1)]
    [InlineData("\\frac{1}{23}", "\\frac{12}{3}", 0)]
    [InlineData("2x", "2", 0)]
    [InlineData("X", "x", 0)]
    [InlineData("\\text{Rhombus}", "rhombus", 1)]
    [InlineData("(1, 2)", "(1,2)", 1)]
    [InlineData("(\\frac{1}{2}, 3)", "(0.5, 3)", 1)]
    [InlineData("(1, 2)", "(2, 1)", 0)]
    [InlineData("(1, 2)", "[1, 2]", 0)]
    [InlineData("\\{1, 2\\}", "\\left\\{1,\\,2\\right\\}", 1)]
    [InlineData("5", "", 0)]
    [InlineData("5", "\\boxed{}", 0)]
    [InlineData("5", "about 5", 0)]
    public void AnswersAreEqualByValueOrByText(string answer, string response, double score) => Assert.Equal(score, Scorers.Get("Latex").Score(ScorerTests.Question(answer), response));

    [Theory]
    [InlineData("Latex(tolerance=0.1)", "29.7", "\\sqrt{885}", 1)]
    [InlineData("Latex(relative=0.01)", "1000", "1009", 1)]
    [InlineData("Latex(relative=0.01)", "1000", "1011", 0)]
    public void TolerancesAreAllowed(string scorer, string answer, string response, double score) => Assert.Equal(score, Scorers.Get(scorer).Score(ScorerTests.Question(answer), response));

    [Fact]
    public void DeepNestingEndsWithoutAValue()
    {
        foreach (var (open, close) in new[] { ("(", ")"), ("\\sqrt{", "}"), ("{", "}"), ("\\frac{1}{", "}"), ("1^{", "}") })
        {
            var text = string.Concat(Enumerable.Repeat(open, 100)) + "1" + string.Concat(Enumerable.Repeat(close, 100));
            Assert.Null(LatexExpression.Value(text));
            Assert.NotNull(LatexExpression.Value(string.Concat(Enumerable.Repeat(open, 10)) + "1" + string.Concat(Enumerable.Repeat(close, 10))));
        }
    }

    [Fact]
    public void EveryFractionEqualsItsDecimal()
    {
        for (var over = -9; over <= 9; over++)
        {
            for (var under = 1; under <= 9; under++)
            {
                var text = $"\\frac{{{over.ToString(CultureInfo.InvariantCulture)}}}{{{under}}}";
                Assert.Equal(1, Scorers.Get("Latex").Score(ScorerTests.Question(text), ((double)over / under).ToString("R", CultureInfo.InvariantCulture)));
            }
        }
    }
}
