namespace Cpt.Tasks.Tests;

public sealed class GeneratedTaskUriTests
{
    [Theory]
    [InlineData("generated://numbers/parity", "unknown suite 'numbers'; suites are digits, world, shapes, numerals, study")]
    [InlineData("generated://digits/party", "task generated://digits/party: the suite digits has no task 'party'; it has copy, reverse, increment, rotate, parity, half, residue")]
    [InlineData("generated://digits/parity?samples=3", "task generated://digits/parity?samples=3: unknown option 'samples'; the suite digits knows seed, train, eval, answers")]
    [InlineData("generated://world/capital?answers=any", "task generated://world/capital?answers=any: unknown option 'answers'; the suite world knows seed, train, eval")]
    [InlineData("generated://digits/parity?train=0", "task generated://digits/parity?train=0: train=0 must be a whole number from 1 to 1000000")]
    [InlineData("generated://digits/parity?eval=901", "task generated://digits/parity?eval=901: eval=901 must be a whole number from 1 to 900")]
    [InlineData("generated://digits/parity?seed=-1", "task generated://digits/parity?seed=-1: seed=-1 must be a whole number from 0 to 18446744073709551615")]
    [InlineData("generated://digits/parity?answers=all", "task generated://digits/parity?answers=all: answers=all must be canonical or any")]
    [InlineData("generated://digits/parity?train", "task generated://digits/parity?train: 'train' is no option; write option=value")]
    [InlineData("generated://digits/parity?seed=1&seed=2", "task generated://digits/parity?seed=1&seed=2: option 'seed' is given twice")]
    [InlineData("generated://digits", "task generated://digits: must be generated://<suite>/<task>, for example generated://digits/parity; suites are digits, world, shapes, numerals, study")]
    [InlineData("generated://digits/a/b", "task generated://digits/a/b: must be generated://<suite>/<task>, for example generated://digits/parity; suites are digits, world, shapes, numerals, study")]
    [InlineData("generated://world/capital?train=900", "task generated://world/capital?train=900: train=900 must be a whole number from 1 to 247")]
    public void AWrongUriIsRefusedWithWhatThereIs(string uri, string expected) =>
        Assert.Equal(expected, Assert.Throws<TaskDataException>(() => TaskLoader.Load(uri)).Message);

    [Fact]
    public void AUriIsWrittenAsItWasRead()
    {
        const string Text = "generated://digits/parity?seed=1&train=2048&eval=256&answers=canonical";
        Assert.Equal(Text, GeneratedTaskUri.Parse(Text).ToString());
    }
}
