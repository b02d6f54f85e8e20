using System.Collections.Immutable;
using Cpt.Contract;

namespace Cpt.Planning;

/// <summary>Something in storage that a decision depends on.</summary>
public abstract record Need
{
    /// <summary>Digest of the model directory at a URI.</summary>
    public sealed record ModelDigest(string Uri) : Need;

    /// <summary>Digest of the task at a URI.</summary>
    public sealed record TaskDigest(string Uri) : Need;

    /// <summary>The commit of a stage's final checkpoint. Once found it never changes.</summary>
    public sealed record FinalManifest(string StageHash) : Need;

    /// <summary>The commit of a stage's newest intermediate checkpoint.</summary>
    public sealed record NewestStep(string StageHash) : Need;

    /// <summary>A stage's evaluation, or the base model's under <see cref="Digests.BaselineHash"/>; per-sample records may be left out.</summary>
    public sealed record Evaluation(string StageHash) : Need;

    /// <summary>The same with its records of single samples. Large, so it is asked for only where a decision hangs on noise, and not kept.</summary>
    public sealed record Records(string StageHash) : Need;
}

/// <summary>What came of a look-up: a value, nothing there, or a failure.</summary>
public sealed record Lookup
{
    private Lookup()
    {
    }

    /// <summary>A digest (string), a <see cref="CheckpointManifest"/> or an <see cref="EvaluationDocument"/>; null = nothing there.</summary>
    public object? Value { get; private init; }

    public LookupFailure? Failure { get; private init; }

    public static Lookup Digest(string digest) => new() { Value = digest };

    public static Lookup Manifest(CheckpointManifest? manifest) => new() { Value = manifest };

    public static Lookup Evaluation(EvaluationDocument? evaluation) => new() { Value = evaluation };

    /// <param name="reason">CamelCase, for example <c>NotFound</c> or <c>StorageUnavailable</c>.</param>
    /// <param name="message">Names the thing and what is wrong with it.</param>
    /// <param name="permanent">True: looking again will not help (it does not exist, it is corrupt). False: worth another try.</param>
    public static Lookup Failed(string reason, string message, bool permanent) =>
        new() { Failure = new LookupFailure(reason, message, permanent) };
}

/// <inheritdoc cref="Lookup.Failed"/>
public sealed record LookupFailure(string Reason, string Message, bool Permanent);

/// <summary>
/// What was found in storage. Immutable. A found <see cref="Need.FinalManifest"/> and found digests may be kept between decisions;
/// everything that was absent, and steps and evaluations, must be looked up afresh after a Job of the run changed.
/// </summary>
public sealed class Artifacts
{
    private readonly ImmutableDictionary<Need, Lookup> _found;

    private Artifacts(ImmutableDictionary<Need, Lookup> found) => _found = found;

    public static Artifacts Empty { get; } = new(ImmutableDictionary<Need, Lookup>.Empty);

    public Artifacts With(Need need, Lookup lookup) => new(_found.SetItem(need, lookup));

    /// <summary>Null: not looked up yet.</summary>
    public Lookup? this[Need need] => _found.GetValueOrDefault(need);
}
