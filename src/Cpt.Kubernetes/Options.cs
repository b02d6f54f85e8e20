namespace Cpt.Kubernetes;

/// <summary>Which objects.</summary>
public record ListOptions
{
    /// <summary>Null: all namespaces.</summary>
    public string? Namespace { get; init; }

    /// <summary><c>app=cpt,tier in (a,b),!old</c></summary>
    public string? LabelSelector { get; init; }

    /// <summary><c>metadata.name=demo</c>; few fields can be asked for.</summary>
    public string? FieldSelector { get; init; }

    /// <summary>Objects a page. 0: all at once.</summary>
    public int Limit { get; init; } = 500;

    /// <summary>From <see cref="ResourceList{T}.Continue"/>.</summary>
    public string? Continue { get; init; }

    /// <summary>Null: the newest state. <c>0</c>: whatever the server has in memory, which costs it least, and may be old.</summary>
    public string? ResourceVersion { get; init; }
}

public sealed record WatchOptions
{
    /// <summary>Null: all namespaces.</summary>
    public string? Namespace { get; init; }

    public string? LabelSelector { get; init; }

    public string? FieldSelector { get; init; }

    /// <summary>Where the watch begins: a list's, or one object's. Changes after it are reported.</summary>
    public required string ResourceVersion { get; init; }

    /// <summary>
    /// A watch that is silent for so long is opened anew where it stood. The server sends a bookmark every minute, so that a longer silence means that nobody is there.
    /// </summary>
    public TimeSpan InactivityTimeout { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How long the server keeps one connection; it is then opened anew. By default between five and ten minutes.</summary>
    public TimeSpan? ConnectionLifetime { get; init; }

    /// <summary>Called whenever the connection ended and is opened anew: with the reason, or with null when the server ended it in time.</summary>
    public Action<Exception?>? OnReconnect { get; init; }
}

/// <summary>How an object is written.</summary>
public record WriteOptions
{
    /// <summary>Null: the client's.</summary>
    public string? FieldManager { get; init; }

    /// <summary>Everything is checked and nothing is stored.</summary>
    public bool DryRun { get; init; }

    /// <summary>What becomes of fields the server does not know; servers before 1.25 drop them silently, whatever is asked.</summary>
    public FieldValidation? FieldValidation { get; init; }
}

public sealed record ApplyOptions : WriteOptions
{
    /// <summary>Take over fields that another manager owns; otherwise that is a conflict.</summary>
    public bool Force { get; init; }
}

public enum FieldValidation
{
    Ignore,
    Warn,
    Strict,
}

public sealed record DeleteOptions
{
    /// <summary>Null: the kind's own default.</summary>
    public PropagationPolicy? PropagationPolicy { get; init; }

    public long? GracePeriodSeconds { get; init; }

    /// <summary>Delete this very object, not another one of the same name: otherwise a conflict.</summary>
    public string? Uid { get; init; }

    /// <summary>Delete it only as it was read: otherwise a conflict.</summary>
    public string? ResourceVersion { get; init; }

    public bool DryRun { get; init; }
}

/// <summary>What becomes of the objects that the deleted one owns.</summary>
public enum PropagationPolicy
{
    /// <summary>They are deleted afterwards.</summary>
    Background,

    /// <summary>They are deleted first.</summary>
    Foreground,

    /// <summary>They stay.</summary>
    Orphan,
}

public sealed record LogOptions
{
    /// <summary>Needed where a pod has several.</summary>
    public string? Container { get; init; }

    /// <summary>Go on with what is written from now on, until the container ends.</summary>
    public bool Follow { get; init; }

    /// <summary>The log of the container's last life.</summary>
    public bool Previous { get; init; }

    public int? TailLines { get; init; }

    public int? SinceSeconds { get; init; }

    /// <summary>Lines from this time on. The server cuts it to whole seconds.</summary>
    public DateTimeOffset? SinceTime { get; init; }

    public long? LimitBytes { get; init; }

    /// <summary>Each line begins with its time.</summary>
    public bool Timestamps { get; init; }
}
