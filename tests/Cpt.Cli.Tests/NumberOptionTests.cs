using Cpt.Cli.Tests.Support;
using Cpt.Contract;

namespace Cpt.Cli.Tests;

public sealed class NumberOptionTests
{
    [Theory]
    [InlineData("--steps: many is not a whole number", "pretrain", "--steps", "many", "--output", "none")]
    [InlineData("--steps: 0 is too small; use 1 or more", "pretrain", "--steps", "0", "--output", "none")]
    [InlineData("--lr: 2 is not possible; use 0 to 1", "pretrain", "--lr", "2", "--output", "none")]
    [InlineData("--lr: fast is not possible; use 0 to 1", "pretrain", "--lr", "fast", "--output", "none")]
    [InlineData("--rounds: many is not a whole number", "bench", "trainer", "--rounds", "many")]
    [InlineData("--seed: 1.5 is not a whole number", "run", "-f", "none.yaml", "--seed", "1.5")]
    [InlineData("--train: 3000000000 is too large; use 2147483647 or less", "task", "generate", "digits", "--train", "3000000000", "--output", "none")]
    public async Task ANumberThatCannotBeIsRefusedInOneLine(string message, params string[] arguments)
    {
        var result = await CptProcess.RunAsync(Path.GetTempPath(), arguments);
        Assert.True(result.ExitCode == ExitCodes.BadSpec, result.ToString());
        Assert.Equal(message, Assert.Single(result.Error.Split('\n'), line => line.StartsWith("--", StringComparison.Ordinal)));
    }
}
