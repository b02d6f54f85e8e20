using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Cpt.Storage;

/// <summary>A container of Azure Blob Storage, or a part of one, as an object store. Puts are atomic there; If-None-Match and If-Match decide races.</summary>
internal sealed class BlobObjectStore : IObjectStore
{
    private const string DigestMark = "sha256";
    private const string TouchMark = "touched";

    private readonly BlobContainerClient _container;
    private readonly BlobCalls _calls;
    private readonly StorageOptions _options;
    private readonly string _prefix;

    public BlobObjectStore(StorageUri uri, StorageOptions options)
    {
        var (client, credential) = BlobAccount.Open(uri, options);
        _options = options;
        _container = client.GetBlobContainerClient(uri.Root);
        _prefix = uri.Path.Length == 0 ? "" : uri.Path + "/";
        var endpoint = client.Uri.GetLeftPart(UriPartial.Path).TrimEnd('/');
        Location = $"{uri.Text} (at {endpoint})";
        _calls = new BlobCalls(uri.Text, endpoint, credential, options.GiveUpAfter);
    }

    public string Location { get; }

    public string Describe(string name) => $"azblob://{_container.Name}/{_prefix}{name}";

    internal static bool Absent(RequestFailedException error) => error.Status == 404;

    internal static bool AbsentOrChanged(RequestFailedException error) => error.Status is 404 or 412;

    /// <summary>A condition was not met, or another writer's commit discarded our blocks.</summary>
    internal static bool Taken(RequestFailedException error) => error.Status == 412 || error.ErrorCode is "BlobAlreadyExists" or "InvalidBlockList";

    internal static Dictionary<string, string> Marked(string digest) => new(StringComparer.Ordinal) { [DigestMark] = digest };

    public async Task<ObjectInfo?> FindAsync(string name, CancellationToken cancellationToken = default) =>
        await PropertiesAsync(Blob(name), cancellationToken).ConfigureAwait(false) is { } found
            ? new ObjectInfo(name, found.Value.ContentLength, Now(found) - found.Value.LastModified, found.Value.ETag.ToString())
            : null;

    public async Task<StoredObject?> ReadAsync(string name, CancellationToken cancellationToken = default)
    {
        try
        {
            var answer = await _calls.RunAsync(token => Blob(name).DownloadContentAsync(token), Absent, cancellationToken).ConfigureAwait(false);
            return new StoredObject(answer.Value.Content.ToMemory(), answer.Value.Details.ETag.ToString());
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return null;
        }
    }

    public Task<bool> PutIfAbsentAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) =>
        PutAsync(name, content, new BlobRequestConditions { IfNoneMatch = ETag.All }, cancellationToken);

    public Task PutAsync(string name, ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default) => PutAsync(name, content, null, cancellationToken);

    public Task<bool> PutIfMatchAsync(string name, ReadOnlyMemory<byte> content, string version, CancellationToken cancellationToken = default) =>
        PutAsync(name, content, new BlobRequestConditions { IfMatch = new ETag(version) }, cancellationToken);

    public async Task<bool> PutFileAsync(string name, string path, string digest, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var blob = Blob(name);
        var size = new FileInfo(path).Length;
        var upload = new BlobUpload(_calls, _options.BlockBytes, _options.Concurrency);
        while (true)
        {
            var found = await PropertiesAsync(blob, cancellationToken).ConfigureAwait(false);
            // The mark is gone or another one when anybody else overwrote the blob.
            if (found?.Value is { } stored && stored.ContentLength == size && stored.Metadata.TryGetValue(DigestMark, out var mark) && mark == digest)
            {
                if (!await TouchAsync(name, cancellationToken).ConfigureAwait(false)) continue;
                progress?.Report(size);
                return false;
            }

            try
            {
                var conditions = found is null ? new BlobRequestConditions { IfNoneMatch = ETag.All } : new BlobRequestConditions { IfMatch = found.Value.ETag };
                await WithContainerAsync(() => upload.RunAsync(blob, path, digest, conditions, progress, cancellationToken), cancellationToken).ConfigureAwait(false);
                return true;
            }
            catch (RequestFailedException error) when (Taken(error))
            {
                // Another writer committed this blob and with that discarded our blocks: look again, it should be the same content.
            }
        }
    }

    public async Task<string?> GetFileAsync(string name, string path, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        var blob = Blob(name);
        if (await PropertiesAsync(blob, cancellationToken).ConfigureAwait(false) is not { Value: var found }) return null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            await using var output = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0, FileOptions.Asynchronous);
            return await new BlobDownload(_calls, _options.BlockBytes, _options.Concurrency)
                .RunAsync(blob, found.ContentLength, found.ETag, output, progress, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException error) when (error.Status is 404 or 412)
        {
            File.Delete(path);
            return null; // Deleted or replaced while we read; nothing of ours replaces a blob that readers may hold.
        }
        catch (Exception error) when (StorageErrors.IsLocal(error))
        {
            File.Delete(path);
            throw StorageErrors.Local(error, path, found.ContentLength);
        }
    }

    public async IAsyncEnumerable<ObjectInfo> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        string? next = null;
        do
        {
            var token = next;
            Page<BlobItem>? page;
            try
            {
                page = await _calls.RunAsync(
                    async cancel =>
                    {
                        await foreach (var one in _container.GetBlobsAsync(prefix: _prefix + prefix, cancellationToken: cancel).AsPages(token, _options.ListPageSize).ConfigureAwait(false)) return one;
                        return null;
                    },
                    Absent, cancellationToken).ConfigureAwait(false);
            }
            catch (RequestFailedException error) when (error.ErrorCode == BlobCalls.NoContainer)
            {
                yield break; // Nothing was committed yet.
            }

            if (page is null) yield break;
            var now = Now(page.GetRawResponse());
            foreach (var item in page.Values)
            {
                var age = item.Properties.LastModified is { } modified ? now - modified : TimeSpan.Zero;
                yield return new ObjectInfo(item.Name[_prefix.Length..], item.Properties.ContentLength ?? 0, age, item.Properties.ETag?.ToString() ?? "");
            }

            next = page.ContinuationToken;
        }
        while (!string.IsNullOrEmpty(next));
    }

    public async Task<bool> TouchAsync(string name, CancellationToken cancellationToken = default)
    {
        var blob = Blob(name);
        if (await PropertiesAsync(blob, cancellationToken).ConfigureAwait(false) is not { Value: var found }) return false;
        var metadata = new Dictionary<string, string>(found.Metadata, StringComparer.Ordinal) { [TouchMark] = Guid.NewGuid().ToString("N") };
        try
        {
            await _calls.RunAsync(token => blob.SetMetadataAsync(metadata, new BlobRequestConditions { IfMatch = found.ETag }, token), AbsentOrChanged, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException error) when (error.Status == 412)
        {
            return true; // Somebody else touched it meanwhile.
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return false;
        }
    }

    public async Task DeleteAsync(string name, CancellationToken cancellationToken = default) =>
        await DeleteAsync(name, null, cancellationToken).ConfigureAwait(false);

    public Task<bool> DeleteUnchangedAsync(ObjectInfo found, CancellationToken cancellationToken = default) =>
        DeleteAsync(found.Name, new BlobRequestConditions { IfMatch = new ETag(found.Version) }, cancellationToken);

    private async Task<bool> DeleteAsync(string name, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        try
        {
            await _calls.RunAsync(token => Blob(name).DeleteIfExistsAsync(DeleteSnapshotsOption.IncludeSnapshots, conditions, token), AbsentOrChanged, cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException error) when (error.Status == 412)
        {
            return false;
        }
    }

    private async Task<bool> PutAsync(string name, ReadOnlyMemory<byte> content, BlobRequestConditions? conditions, CancellationToken cancellationToken)
    {
        var options = new BlobUploadOptions { Conditions = conditions };
        try
        {
            await WithContainerAsync(
                () => _calls.RunAsync(
                    async token =>
                    {
                        using var stream = new MemoryStream(content.ToArray(), writable: false);
                        return await Blob(name).UploadAsync(stream, options, token).ConfigureAwait(false);
                    },
                    error => conditions is null ? Absent(error) : Absent(error) || Taken(error), cancellationToken, content.Length),
                cancellationToken).ConfigureAwait(false);
            return true;
        }
        catch (RequestFailedException error) when (conditions is not null && (Absent(error) || Taken(error)))
        {
            return false;
        }
    }

    /// <summary>A container that is missing at the first write is created, where the credentials allow that.</summary>
    private async Task WithContainerAsync(Func<Task> write, CancellationToken cancellationToken)
    {
        try
        {
            await write().ConfigureAwait(false);
        }
        catch (RequestFailedException error) when (error.ErrorCode == BlobCalls.NoContainer)
        {
            try
            {
                await _calls.RunAsync(token => _container.CreateIfNotExistsAsync(cancellationToken: token), static _ => false, cancellationToken).ConfigureAwait(false);
            }
            catch (Contract.StageFailureException)
            {
                throw _calls.NoSuchContainer(error); // Helps more than why it could not be created.
            }

            await write().ConfigureAwait(false);
        }
    }

    private async Task<Response<BlobProperties>?> PropertiesAsync(BlockBlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return await _calls.RunAsync(token => blob.GetPropertiesAsync(cancellationToken: token), Absent, cancellationToken).ConfigureAwait(false);
        }
        catch (RequestFailedException error) when (error.Status == 404)
        {
            return null;
        }
    }

    private static DateTimeOffset Now<T>(Response<T> answer) => Now(answer.GetRawResponse());

    /// <summary>By the service's clock, which also wrote LastModified.</summary>
    private static DateTimeOffset Now(Response answer) => answer.Headers.Date ?? DateTimeOffset.UtcNow;

    private BlockBlobClient Blob(string name) => _container.GetBlockBlobClient(_prefix + ObjectName.Checked(name));
}
