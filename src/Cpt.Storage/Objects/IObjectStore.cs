namespace Cpt.Storage;

/// <summary>
/// Named, immutable-unless-said-otherwise byte strings: the little that the commit protocol needs and that a directory and a blob container both
/// give without tricks. Names use forward slashes. Every method raises <see cref="Cpt.Contract.StageFailureException"/> with exit code 69 when
/// storage does not answer, refuses, or is full; a cancelled token raises <see cref="OperationCanceledException"/>.
/// A name is seen by readers only once its whole content is durable, whatever kills the writer.
/// </summary>
public interface IObjectStore
{
    /// <summary>What people recognise in a message: the URI, with its account or directory.</summary>
    string Location { get; }

    /// <summary>The URI of one object, for messages.</summary>
    string Describe(string name);

    /// <summary>Null when there is no such object.</summary>
    Task<ObjectInfo?> FindAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Null when there is no such object.</summary>
    Task<StoredObject?> ReadAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>False, and nothing changed, when the name is taken. Of concurrent callers exactly one gets true.</summary>
    Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Replaces the whole object at once; readers see the old or the new content.</summary>
    Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default);

    /// <summary>Replaces the object only if it still has that version; false when somebody was faster or it is gone.</summary>
    Task<bool> PutIfMatchAsync(string name, ReadOnlyMemory<byte> content, string version, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a file's content under its digest. False when an intact object with that digest stands there already; its age then starts anew.
    /// An object that has the name but not the content is replaced.
    /// </summary>
    /// <param name="name">Name of the object.</param>
    /// <param name="path">Local file.</param>
    /// <param name="digest">SHA-256 of the file, 64 lowercase hex digits; checked while the bytes go out.</param>
    /// <param name="progress">Bytes sent since the last report.</param>
    /// <param name="cancellationToken">Leaves no object behind.</param>
    Task<bool> PutFileAsync(string name, string path, string digest, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>Writes the object's content to a new local file; returns its SHA-256, or null when there is no such object.</summary>
    Task<string?> GetFileAsync(string name, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>All objects whose names start with the prefix, in no particular order.</summary>
    IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, CancellationToken cancellationToken = default);

    /// <summary>Lets the object's age start anew, so that no sweep takes it before the commit that needs it. False when it is gone.</summary>
    Task<bool> TouchAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Deletes the object; no error when it is gone.</summary>
    Task DeleteAsync(string name, CancellationToken cancellationToken = default);

    /// <summary>Deletes the object unless it was written or touched since <paramref name="found"/> was read. False when it was.</summary>
    Task<bool> DeleteUnchangedAsync(ObjectInfo found, CancellationToken cancellationToken = default);
}

/// <param name="Name">Name under the store's root.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Age">Since it was last written or touched, by the store's own clock.</param>
/// <param name="Version">Changes with every write and touch.</param>
public sealed record ObjectInfo(string Name, long Size, TimeSpan Age, string Version);

/// <param name="Content">All bytes.</param>
/// <param name="Version">What <see cref="IObjectStore.PutIfMatchAsync"/> compares.</param>
public sealed record StoredObject(ReadOnlyMemory<byte> Content, string Version);
