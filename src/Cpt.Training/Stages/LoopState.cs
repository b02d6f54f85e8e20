using System.Text.Json;
using System.Text.Json.Nodes;
using Cpt.Contract;

namespace Cpt.Training;

/// <summary>What a loop knows beside weights and optimizer moments.</summary>
internal sealed record LoopState
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required StageMethod Method { get; init; }

    /// <summary>Steps done.</summary>
    public required int Step { get; init; }

    public required int StepsDue { get; init; }

    /// <summary>Optimizer updates done; several a step with mini-batches.</summary>
    public required int Updates { get; init; }

    /// <summary>Next position in the data stream; dynamic sampling moves it faster than the step count.</summary>
    public required long Position { get; init; }

    public required long Tokens { get; init; }

    public bool StoppedEarly { get; init; }

    /// <summary>The step's look at <c>stopAtAccuracy</c> was cancelled and is still owed.</summary>
    public bool StopCheckPending { get; init; }

    public JsonObject ToJson(MetricsHistory history)
    {
        var json = JsonSerializer.SerializeToNode(this, TrainingJson.Default.LoopState)!.AsObject();
        json["history"] = history.ToJson();
        return json;
    }

    /// <exception cref="StageFailureException"><c>CorruptCheckpoint</c>: incomplete, or of another stage.</exception>
    public static (LoopState State, MetricsHistory History) Read(JsonObject json, StageMethod method, int stepsDue)
    {
        LoopState state;
        MetricsHistory history;
        try
        {
            state = json.Deserialize(TrainingJson.Default.LoopState) ?? throw new JsonException("the trainer's state is null");
            history = json["history"] is JsonObject curves ? MetricsHistory.FromJson(curves) : throw new JsonException("history is missing");
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException or FormatException)
        {
            throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's trainer state cannot be read: {exception.Message}", exception);
        }

        Expect("version", state.Version, CurrentVersion);
        Expect("method", state.Method, method);
        Expect("stepsDue", state.StepsDue, stepsDue);
        if (state.Step < 0 || state.Step > stepsDue)
            throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's trainer state has step {state.Step}; expected 0..{stepsDue}");
        return (state, history);
    }

    private static void Expect<T>(string field, T found, T expected)
    {
        if (!EqualityComparer<T>.Default.Equals(found, expected))
            throw new StageFailureException(ExitCodes.BadData, "CorruptCheckpoint", $"the checkpoint's trainer state has {field} {found}; this stage expects {expected}");
    }
}
