using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>What the cache of one kind must come to show of one object.</summary>
internal abstract class Expectation(ObjectKey item, long since)
{
    public ObjectKey Item { get; } = item;

    /// <summary>When it was last added to.</summary>
    public long Since { get; set; } = since;

    public abstract Type Kind { get; }

    public abstract bool IsMet { get; }
}

internal sealed class Expectation<T>(ObjectKey item, InformerCache<T> cache, long since) : Expectation(item, since)
    where T : class, IKubernetesObject
{
    private volatile bool _isAwaited;

    public override Type Kind => typeof(T);

    /// <summary>Set by an event. The object may be gone again by the time somebody looks into the cache, and yet have been seen.</summary>
    public bool IsAwaited
    {
        get => _isAwaited;
        set => _isAwaited = value;
    }

    public string? DeletedUid { get; set; }

    public string? Version { get; set; }

    public override bool IsMet
    {
        get
        {
            var shown = cache.Get(Item);
            var isCreated = !IsAwaited || shown is not null;
            var isDeleted = DeletedUid is null || shown is null || shown.Metadata.Uid != DeletedUid || shown.Metadata.DeletionTimestamp is not null;
            var isCurrent = Version is null || shown is null || !ResourceVersions.IsOlder(shown.Metadata.ResourceVersion, Version);
            return isCreated && isDeleted && isCurrent;
        }
    }

    /// <inheritdoc/>
    public override string ToString()
    {
        var wish = (IsAwaited, DeletedUid, Version) switch
        {
            (true, _, _) => "to be there",
            (_, not null, _) => "to be gone",
            _ => "at version " + Version,
        };
        return $"{ResourceKind.Of<T>()} {Item} {wish}";
    }
}
