using System.Collections.Concurrent;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Operator.Lookups;
using Cpt.Runs;

namespace Cpt.Operator.Runs;

/// <summary>
/// What is remembered of a run between two looks at it: nothing that a decision could not do without. A run is never reconciled twice at a time, so only what the poller writes is shared.
/// </summary>
internal sealed class RunMemory
{
    public KnownArtifacts Known { get; } = new();

    /// <summary><c>metadata.generation</c> that <see cref="Known"/> and <see cref="PodFault"/> belong to.</summary>
    public long? Generation { get; set; }

    /// <summary>The Jobs of the run when it was last looked at: when they change, storage may have changed.</summary>
    public string Jobs { get; set; } = "";

    /// <summary>Look-ups that go on in the background.</summary>
    public LookupRound? Round { get; set; }

    /// <summary>What the server said of the pod that this generation asks for.</summary>
    public FieldError? PodFault { get; set; }

    /// <summary>Timestamp of the last write of the status.</summary>
    public long? Written { get; set; }

    /// <summary>Timestamp at which a write was first put off.</summary>
    public long? PutOff { get; set; }

    /// <summary>Timestamp at which the end of the last attempt was first seen; for the handoff's time.</summary>
    public long? EndSeen { get; set; }

    /// <summary>The last answer of a running trainer, by the poller.</summary>
    public ProgressSeen? Progress { get; set; }
}

internal sealed record ProgressSeen(string Job, StageProgress Progress);

/// <summary>By uid: a run that was deleted and made anew under its name is another one.</summary>
internal sealed class RunMemories
{
    private readonly ConcurrentDictionary<string, RunMemory> _memories = new(StringComparer.Ordinal);

    public RunMemory Of(RunObject run) => _memories.GetOrAdd(run.Metadata.Uid!, static _ => new());

    public RunMemory? Find(string uid) => _memories.GetValueOrDefault(uid);

    public void Forget(RunObject run)
    {
        if (run.Metadata.Uid is { } uid)
        {
            _memories.TryRemove(uid, out _);
        }
    }
}
