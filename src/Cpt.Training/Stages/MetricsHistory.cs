using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;

namespace Cpt.Training;

/// <summary>One point of a stage's curves.</summary>
public sealed record MetricsPoint
{
    public required int Step { get; init; }

    public double Loss { get; init; }

    public double GradientNorm { get; init; }

    public double LearningRate { get; init; }

    public double? Penalty { get; init; }

    public double? Reward { get; init; }

    public double? RewardStd { get; init; }

    public double? Kl { get; init; }

    public double? ResponseTokens { get; init; }

    public double? StopAccuracy { get; init; }
}

/// <summary>
/// The curves of a stage, for the report: every step at first, every 2nd, 4th, … once there are more than <see cref="Capacity"/> points, so that a
/// long stage stays small. Holds no time: a resumed stage has the same history as an undisturbed one.
/// </summary>
public sealed class MetricsHistory
{
    public const int Capacity = 1024;

    private readonly List<MetricsPoint> _points = [];
    private int _every = 1;

    /// <summary>In step order; the newest step is always among them.</summary>
    public IReadOnlyList<MetricsPoint> Points => _points;

    internal void Add(StepReport report)
    {
        // The point before was kept only for being the newest.
        if (_points.Count > 0 && !IsKept(_points[^1])) _points.RemoveAt(_points.Count - 1);
        _points.Add(new MetricsPoint
        {
            Step = report.Step,
            Loss = report.Loss,
            GradientNorm = report.GradientNorm,
            LearningRate = report.LearningRate,
            Penalty = report.Penalty,
            Reward = report.Reward,
            RewardStd = report.RewardStd,
            Kl = report.Kl,
            ResponseTokens = report.ResponseTokens,
            StopAccuracy = report.StopAccuracy,
        });
        if (_points.Count <= Capacity) return;
        _every *= 2;
        var newest = _points[^1];
        _points.RemoveAll(point => point != newest && !IsKept(point));
    }

    /// <summary>Adds to the newest point what was owed to it.</summary>
    internal void Amend(double stopAccuracy)
    {
        if (_points.Count > 0) _points[^1] = _points[^1] with { StopAccuracy = stopAccuracy };
    }

    // Where stopAtAccuracy was looked at is rare and worth keeping.
    private bool IsKept(MetricsPoint point) => point.Step % _every == 0 || (point.StopAccuracy is not null && _every <= 16);

    /// <summary>As JSON: <c>{"every": 1, "points": [{"step": 1, "loss": …}, …]}</c>.</summary>
    public JsonObject ToJson() => new()
    {
        ["every"] = _every,
        ["points"] = JsonSerializer.SerializeToNode(_points, TrainingJson.Default.ListMetricsPoint),
    };

    /// <exception cref="JsonException">Not what <see cref="ToJson"/> gives.</exception>
    public static MetricsHistory FromJson(JsonObject json)
    {
        var history = new MetricsHistory { _every = json["every"]?.GetValue<int>() ?? 1 };
        history._points.AddRange(json["points"].Deserialize(TrainingJson.Default.ListMetricsPoint) ?? []);
        return history;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, UseStringEnumConverter = true)]
[JsonSerializable(typeof(List<MetricsPoint>))]
[JsonSerializable(typeof(LoopState))]
internal sealed partial class TrainingJson : JsonSerializerContext;
