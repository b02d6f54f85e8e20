using System.Globalization;

namespace Cpt.Tasks.Tests;

public sealed class NumericTests
{
    [Theory]
    [InlineData("42", 42)]
    [InlineData("-42", -42)]
    [InlineData("+42", 42)]
    [InlineData("\u221242", -42)]
    [InlineData("- 42", -42)]
    [InlineData("3.14", 3.14)]
    [InlineData(".5", 0.5)]
    [InlineData("-.5", -0.5)]
    [InlineData("1,234,567.5", 1234567.5)]
    [InlineData("1{,}234", 1234)]
    [InlineData("1, 2, 3", 3)]
    [InlineData("$1,250", 1250)]
    [InlineData("-$5", -5)]
    [InlineData("50%", 0.5)]
    [InlineData("50 percent", 0.5)]
    [InlineData("12.5\\%", 0.125)]
    [InlineData("3/4", 0.75)]
    [InlineData("-3/4", -0.75)]
    [InlineData("3 / 4", 0.75)]
    [InlineData("1 3/4", 1.75)]
    [InlineData("-1 3/4", -1.75)]
    [InlineData("\\frac{3}{4}", 0.75)]
    [InlineData("-\\dfrac{3}{4}", -0.75)]
    [InlineData("1\\frac{3}{4}", 1.75)]
    [InlineData("1e-3", 0.001)]
    [InlineData("6.02E23", 6.02e23)]
    [InlineData("6.02 \\times 10^{23}", 6.02e23)]
    [InlineData("2×10^-3", 2e-3)]
    [InlineData("The answer is 42.", 42)]
    [InlineData("5 - 3 = 2", 2)]
    [InlineData("7-3", 3)]
    [InlineData("from 10\u201312", 12)]
    [InlineData("First 1, then 2, so 15 km", 15)]
    [InlineData("$12$", 12)]
    public void NumbersAreReadAsTheyAreWritten(string text, double value) =>
        Assert.Equal(value, WrittenNumber.Last(text)!.Value.Value, value == 0 ? 0 : Math.Abs(value) * 1e-12);

    [Theory]
    [InlineData("")]
    [InlineData("none")]
    [InlineData("1/0")]
    [InlineData("1e9999")]
    [InlineData("H2O")]
    public void WhatIsNoFiniteNumberIsNone(string text) => Assert.Null(WrittenNumber.Last(text));

    [Theory]
    [InlineData("Numeric", "3.14", "3.14159", 0)]
    [InlineData("Numeric(tolerance=0.01)", "3.14", "3.14159", 1)]
    [InlineData("Numeric(tolerance=0.01)", "3.14", "3.16", 0)]
    [InlineData("Numeric(relative=0.01)", "1000", "1009", 1)]
    [InlineData("Numeric(relative=0.01)", "1000", "1011", 0)]
    [InlineData("Numeric(relative=0.01)", "-1000", "-1009", 1)]
    [InlineData("Numeric(tolerance=1, relative=0.01)", "10", "11", 1)]
    [InlineData("Numeric", "0.75", "3/4", 1)]
    [InlineData("Numeric", "1000000001", "1000000000", 0)]
    [InlineData("Numeric", "50%", "0.5", 1)]
    [InlineData("Numeric", "50%", "50", 1)]
    [InlineData("Numeric", "50", "50%", 1)]
    [InlineData("Numeric", "50%", "5", 0)]
    [InlineData("Numeric", "42", "<think>41? 43?</think> I get \\boxed{42} after 3 steps", 1)]
    [InlineData("Numeric", "42", "\\boxed{x = 42}", 1)]
    [InlineData("Numeric", "42", "no idea", 0)]
    public void TheScoreFollowsTheTolerance(string scorer, string answer, string response, double score) =>
        Assert.Equal(score, Scorers.Get(scorer).Score(new Sample { Id = "q", Messages = [new TaskMessage("user", "?")], Answer = answer }, response));

    [Fact]
    public void EveryNumberIsReadBackInEveryCommonFormat()
    {
        var random = new SplitMix64(3);
        for (var trial = 0; trial < 2000; trial++)
        {
            var value = Math.Round((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(9)), 3);
            foreach (var format in new[] { "0.000", "#,##0.000", "0.################E+0" })
            {
                var text = $"Thus x = {value.ToString(format, CultureInfo.InvariantCulture)}.";
                Assert.Equal(value, WrittenNumber.Last(text)!.Value.Value, Math.Abs(value) * 1e-12);
            }
        }
    }
}
