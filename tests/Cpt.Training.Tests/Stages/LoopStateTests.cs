using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Training.Tests;

public sealed class LoopStateTests
{
    private static JsonObject Saved() => new LoopState
    {
        Method = StageMethod.RFT, Step = 4, StepsDue = 10, Updates = 8, Position = 77, Tokens = 1234, StopCheckPending = true,
    }.ToJson(new MetricsHistory());

    [Fact]
    public void WhatIsSavedIsRead()
    {
        var text = Saved().ToJsonString();
        var (state, _) = LoopState.Read(JsonNode.Parse(text)!.AsObject(), StageMethod.RFT, 10);
        Assert.Equal((4, 8, 77L, 1234L, true), (state.Step, state.Updates, state.Position, state.Tokens, state.StopCheckPending));
    }

    [Theory]
    [InlineData("method", "\"SFT\"", "method SFT; this stage expects RFT")]
    [InlineData("stepsDue", "11", "stepsDue 11; this stage expects 10")]
    [InlineData("version", "9", "version 9; this stage expects 1")]
    [InlineData("step", "99", "step 99; expected 0..10")]
    [InlineData("step", "\"x\"", "cannot be read")]
    [InlineData("updates", null, "cannot be read")]
    [InlineData("history", null, "history is missing")]
    public void AStateOfAnotherStageOrADamagedOneIsRefusedByField(string field, string? value, string message)
    {
        var state = Saved();
        state.Remove(field);
        if (value is not null) state[field] = JsonNode.Parse(value);
        var error = Assert.Throws<StageFailureException>(() => LoopState.Read(state, StageMethod.RFT, 10));
        Assert.Equal((ExitCodes.BadData, "CorruptCheckpoint"), (error.ExitCode, error.Reason));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }
}
