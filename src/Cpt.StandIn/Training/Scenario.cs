using System.Collections.Concurrent;
using Cpt.Contract;
using Cpt.Kubernetes;

namespace Cpt.StandIn;

/// <summary>
/// The script of all attempts: what the trainer of each one does. Without a line for it, an attempt trains and is done at once. Scores depend on row and column
/// alone, and weights on the stage's hash: two clusters with the same run commit the same.
/// </summary>
public sealed class Scenario
{
    private readonly ConcurrentDictionary<(string Stage, int Attempt), AttemptScript> _lines = new();

    /// <summary>For attempts without a line of their own.</summary>
    public Func<PodAttempt, AttemptScript> Default { get; init; } = static _ => new();

    /// <summary>Accuracy (0..1) after a stage (empty for the base model) on a task or benchmark.</summary>
    public Func<string, string, double> Accuracy { get; init; } = static (after, task) => after == task ? 1 : after.Length == 0 ? 0.25 : 0.75;

    /// <summary>Says what one attempt does; may be called at any time before it starts.</summary>
    public Scenario On(string stage, int attempt, AttemptScript script)
    {
        _lines[(stage, attempt)] = script;
        return this;
    }

    internal AttemptScript ScriptOf(PodAttempt attempt) =>
        attempt.Spec is { } spec && _lines.TryGetValue((spec.Stage, spec.Attempt), out var line) ? line : Default(attempt);
}

/// <summary>One pod of an attempt.</summary>
/// <param name="Pod">As it was when it started.</param>
/// <param name="Spec">stage.json, from the annotation <see cref="ClusterStandIn.StageAnnotation"/>; null: not a stage, it only runs and ends.</param>
public sealed record PodAttempt(Pod Pod, StageSpec? Spec)
{
    /// <summary>0 is the one that commits.</summary>
    public int Index => Pod.Metadata.Annotations?.TryGetValue(JobLabels.Index, out var text) == true && int.TryParse(text, out var index) ? index : 0;
}
