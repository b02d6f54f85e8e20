using System.Text.Json;
using Cpt.Contract;
using Cpt.Trainer.Ending;

namespace Cpt.Trainer.Tests;

public sealed class TerminationMessageTests
{
    [Fact]
    public void AShortResultIsKeptWhole()
    {
        var result = Read(A.Result("all well") with { Scores = new Dictionary<string, double>(StringComparer.Ordinal) { ["parity"] = 0.5 } });
        Assert.Equal(("all well", 0.5), (result.Message, result.Scores["parity"]));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("ü")]
    [InlineData("\"")]
    [InlineData("😀")]
    public void ALongMessageIsCutBetweenCharactersSoThatTheJsonStaysValid(string character)
    {
        var message = string.Concat(Enumerable.Repeat(character, 5000));
        var content = TerminationMessage.Compose(A.Result(message));
        Assert.InRange(content.Length, StageResult.MaxBytes - 24, StageResult.MaxBytes);
        var kept = JsonSerializer.Deserialize(content, ContractJson.Default.StageResult)!.Message!;
        Assert.EndsWith("…", kept, StringComparison.Ordinal);
        Assert.StartsWith(kept[..^1], message, StringComparison.Ordinal);
    }

    [Fact]
    public void TooManyScoresAreLeftOutFromTheEndAndTheMessageSurvives()
    {
        var scores = Enumerable.Range(0, 300).ToDictionary(i => $"task-with-a-long-name-{i:D3}", i => i / 300.0, StringComparer.Ordinal);
        var result = Read(A.Result("because") with { Scores = scores });
        Assert.Equal("because", result.Message);
        Assert.InRange(result.Scores.Count, 60, 299);
        Assert.Equal(scores.Keys.Take(result.Scores.Count), result.Scores.Keys);
    }

    [Fact]
    public void APlaceThatCannotBeWrittenIsAWarningAndNotTheEnd()
    {
        var warnings = new List<string>();
        TerminationMessage.Write("/nowhere/log", A.Result(), warnings.Add);
        Assert.StartsWith("--termination-log: /nowhere/log cannot be written", Assert.Single(warnings), StringComparison.Ordinal);
    }

    private static StageResult Read(StageResult result)
    {
        var content = TerminationMessage.Compose(result);
        Assert.InRange(content.Length, 1, StageResult.MaxBytes);
        return JsonSerializer.Deserialize(content, ContractJson.Default.StageResult)!;
    }
}
