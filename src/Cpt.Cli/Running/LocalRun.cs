using Cpt.Api;
using Cpt.Cli.Status;
using Cpt.Contract;

namespace Cpt.Cli.Running;

/// <summary>A run in its work directory.</summary>
internal sealed class LocalRun
{
    private LocalRun(RunSource source, WorkDirectory work, ContinualRunStatus? status)
    {
        Source = source;
        Run = source.Run;
        Work = work;
        Status = status;
    }

    public RunSource Source { get; }

    /// <summary>As it is given to the planner, without a status.</summary>
    public ContinualRun Run { get; }

    public WorkDirectory Work { get; }

    /// <summary>As last decided; null before the first decision.</summary>
    public ContinualRunStatus? Status { get; set; }

    public StatusDocument Document(bool active) => StatusDocuments.Build(Run, Status, Work, active);

    /// <summary>Takes up what the directory holds, or begins there. Called with the lock held.</summary>
    /// <exception cref="CliException">64: the directory belongs to a run that this manifest is not.</exception>
    public static LocalRun Enter(RunSource given, WorkDirectory work, TimeProvider time)
    {
        var local = Peek(given, work, time);
        local.Source.Store(work);
        Directory.CreateDirectory(work.CacheDirectory);
        return local;
    }

    /// <summary>The same without writing anything.</summary>
    /// <exception cref="CliException">64: the directory belongs to a run that this manifest is not.</exception>
    public static LocalRun Peek(RunSource given, WorkDirectory work, TimeProvider time)
    {
        var before = RunSource.Stored(work);
        if (before is not null)
        {
            RefuseAnother(before.Run, given.Run, work);
        }

        var status = StatusFile.Read(work);
        var metadata = given.Run.Metadata with
        {
            Namespace = given.Run.Metadata.Namespace ?? RunDefaults.Namespace,
            CreationTimestamp = before?.Run.Metadata.CreationTimestamp ?? time.GetUtcNow(),
            // As an API server counts: the planner judges a changed spec afresh.
            Generation = before is null ? 1 : (before.Run.Metadata.Generation ?? 1) + (SameSpec(before.Run, given.Run) ? 0 : 1),
        };
        var run = given.Run with { Metadata = metadata, Status = null };
        run = run with { Spec = run.Spec with { RetryToken = RetryToken(given.Run, before?.Run, status) } };
        return new LocalRun(given with { Run = run }, work, status);
    }

    /// <summary>On a cluster somebody changes <c>spec.retryToken</c> to try a failed run again; here starting the command again says the same.</summary>
    private static string? RetryToken(ContinualRun given, ContinualRun? before, ContinualRunStatus? status)
    {
        var token = given.Spec.RetryToken is { Length: > 0 } named ? named : before?.Spec.RetryToken;
        var failed = status?.Conditions.Any(condition => condition is { Type: ConditionTypes.Succeeded, Status: ConditionStatus.False }) ?? false;
        return failed && (token ?? "") == (status?.LastRetryToken ?? before?.Spec.RetryToken ?? "") ? Guid.NewGuid().ToString("N")[..8] : token;
    }

    private static bool SameSpec(ContinualRun one, ContinualRun other) =>
        ManifestReader.Write(one with { Metadata = other.Metadata, Status = null, Spec = one.Spec with { RetryToken = other.Spec.RetryToken } })
        == ManifestReader.Write(other with { Status = null });

    private static void RefuseAnother(ContinualRun before, ContinualRun given, WorkDirectory work)
    {
        var place = WorkDirectory.Shorten(work.Root);
        if (before.Metadata.Name != given.Metadata.Name)
        {
            throw new CliException(ExitCodes.BadSpec,
                $"{place} holds the run \"{before.Metadata.Name}\", and the manifest's metadata.name is \"{given.Metadata.Name}\". Give this run its own --workdir.");
        }

        var changed = RunValidator.ValidateUpdate(before, given);
        if (changed.Count > 0)
        {
            throw new CliException(ExitCodes.BadSpec,
                $"{place} holds this run with other values of fields that cannot change once a run has begun:\n" +
                string.Concat(changed.Select(error => $"  {error.Path}: was {Value(before, error.Path)}, is now {Value(given, error.Path)}\n")) +
                "Put the old values back to go on, or give the changed run its own --workdir (or metadata.name).");
        }
    }

    private static string Value(ContinualRun run, string path) => path switch
    {
        "spec.seed" => (run.Spec.Seed ?? 0).ToString(System.Globalization.CultureInfo.InvariantCulture),
        "spec.baseModel.uri" or "spec.baseModel" => run.Spec.BaseModel.Uri,
        "spec.storage.uri" or "spec.storage" => run.Spec.Storage.Uri,
        _ => "another value",
    };
}
