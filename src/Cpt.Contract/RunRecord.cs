namespace Cpt.Contract;

/// <summary>
/// <c>runs/&lt;namespace&gt;.&lt;name&gt;/run.json</c>: which stages in storage are a run's, for whoever has only the storage left: a person, or a new cluster.
/// Each stage's trainer adds its own once it is committed. Nothing is decided by it.
/// </summary>
public sealed record RunRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    public required string Namespace { get; init; }

    public required string Run { get; init; }

    public required ModelInput BaseModel { get; init; }

    /// <summary>Committed stages, in the order of the chain.</summary>
    public required IReadOnlyList<RecordedStage> Stages { get; init; }

    /// <summary>When the last stage was added.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The record with a stage that is committed now.</summary>
    /// <param name="before">Null: this is the first.</param>
    /// <param name="spec">Of the stage.</param>
    /// <param name="modelDigest">Of its commit.</param>
    /// <param name="now">When.</param>
    public static RunRecord With(RunRecord? before, StageSpec spec, string modelDigest, DateTimeOffset now)
    {
        var known = before?.BaseModel.Digest == spec.BaseModel.Digest ? before.Stages : [];
        // Where this stage is another one than before, those behind it grew from something that is no longer the run's.
        var same = known.Any(stage => stage.Index == spec.Index && stage.StageHash == spec.StageHash);
        var added = new RecordedStage
        {
            Index = spec.Index,
            Name = spec.Stage,
            Method = spec.Training.Method,
            Task = spec.Training.Task.Uri,
            JointTasks = spec.Training.JointTasks is { } joint ? [.. joint.Select(task => task.Uri)] : null,
            StageHash = spec.StageHash,
            ModelDigest = modelDigest,
        };
        return new RunRecord
        {
            Namespace = spec.Namespace,
            Run = spec.Run,
            BaseModel = spec.BaseModel,
            Stages = [.. known.Where(stage => stage.Index < spec.Index || (same && stage.Index > spec.Index)).Append(added).OrderBy(stage => stage.Index)],
            UpdatedAt = now,
        };
    }
}

/// <summary>A committed stage of a run.</summary>
public sealed record RecordedStage
{
    /// <summary>0-based place in the chain.</summary>
    public required int Index { get; init; }

    public required string Name { get; init; }

    public required StageMethod Method { get; init; }

    /// <summary>URI.</summary>
    public required string Task { get; init; }

    /// <summary>URIs of those learned together with it; null: none.</summary>
    public IReadOnlyList<string>? JointTasks { get; init; }

    /// <summary>Its name in storage.</summary>
    public required string StageHash { get; init; }

    public required string ModelDigest { get; init; }
}
