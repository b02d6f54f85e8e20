namespace Cpt.Models.Tests;

public sealed class UnicodeNormalizationTests
{
    [Theory]
    [InlineData("e\u0301", "\u00E9")]
    [InlineData("\u212B", "\u00C5")]
    [InlineData("\u1100\u1161\u11A8", "\uAC01")]
    [InlineData("\uAC00\u11A8", "\uAC01")]
    [InlineData("a\u0323\u0302", "\u1EAD")]
    [InlineData("a\u0302\u0323", "\u1EAD")]
    [InlineData("q\u0307\u0323", "q\u0323\u0307")]
    [InlineData("\u0958", "\u0915\u093C")]
    [InlineData("\uFB01", "\uFB01")]
    [InlineData("a\u0328b\u0301\u0301", "\u0105b\u0301\u0301")]
    [InlineData("\U00011099\U000110BA", "\U0001109A")]
    [InlineData("plain", "plain")]
    public void TextIsBroughtToFormC(string text, string expected) => Assert.Equal(expected, UnicodeNormalization.ToFormC(text));
}
