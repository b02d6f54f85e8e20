using System.Collections.Concurrent;
using Cpt.Api;
using Cpt.Contract;
using Cpt.Kubernetes;
using Cpt.Runs;
using Cpt.Storage;

namespace Cpt.Operator.Lookups;

/// <summary>
/// Opens storage for runs: with the run's own credentials, and never with those of another. Clients of accounts are shared among runs with the same URI and the same version of the same
/// Secret, so that ten thousand runs do not keep ten thousand connection pools.
/// </summary>
internal sealed class RunStorage(RunSecrets secrets, ClusterVolumes volumes, string? bundle, string cache, Action<string> warn, TimeProvider time) : IDisposable
{
    private const int MostStores = 256;

    private readonly SocketsHttpHandler _network = new()
    {
        ConnectTimeout = TimeSpan.FromSeconds(10),
        MaxConnectionsPerServer = 64,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        // A name may move to another address in the life of the process.
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    };

    private readonly ConcurrentDictionary<string, (CheckpointStore Store, long Used)> _stores = new(StringComparer.Ordinal);

    public void Dispose() => _network.Dispose();

    /// <exception cref="StageFailureException">69: the Secret cannot be read.</exception>
    public async Task<OpenRunStorage> OpenAsync(ContinualRun run, string @namespace, CancellationToken cancellation)
    {
        var credentials = run.Spec.Storage.SecretRef is { } secret ? await CredentialsAsync(secret.Name, @namespace, cancellation) : null;
        return new OpenRunStorage(this, run, @namespace, credentials);
    }

    internal StorageLookups Lookups(OpenRunStorage of, string? uri) =>
        new(() => Store(of), new InputResolver(Options(of, uri ?? of.Run.Spec.Storage.Uri)), cache, keepModels: false);

    internal CheckpointStore Store(OpenRunStorage of)
    {
        var uri = of.Run.Spec.Storage.Uri;
        if (!uri.StartsWith("azblob://", StringComparison.Ordinal))
        {
            return CheckpointStore.Open(uri, Options(of, uri));
        }

        var key = $"{of.Credentials?.Version} {uri}";
        var store = _stores.TryGetValue(key, out var known) ? known.Store : CheckpointStore.Open(uri, Options(of, uri));
        _stores[key] = (store, time.GetTimestamp());
        if (_stores.Count > MostStores)
        {
            foreach (var (old, _) in _stores.OrderBy(entry => entry.Value.Used).Take(MostStores / 4).ToList())
            {
                _stores.TryRemove(old, out _);
            }
        }

        return store;
    }

    private StorageOptions Options(OpenRunStorage of, string uri) => new()
    {
        Environment = name => Variable(of, uri, name),
        OnWarning = of.Credentials is { } credentials ? text => warn(credentials.Redact(text)) : warn,
        HttpHandler = _network,
        Time = time,
    };

    private string? Variable(OpenRunStorage of, string uri, string name) => name switch
    {
        "CPT_VOLUMES" => uri.StartsWith("pvc://", StringComparison.Ordinal) ? volumes.DirectoryFor(of.Namespace, uri["pvc://".Length..].Split('/', 2)[0]) : null,
        "CPT_BUNDLE" => bundle,
        // A run with a Secret is somebody with that Secret, not the operator.
        _ when of.Credentials is not null && name.StartsWith("AZURE_", StringComparison.Ordinal) => of.Credentials.Variables.GetValueOrDefault(name),
        _ => Environment.GetEnvironmentVariable(name),
    };

    private async Task<RunCredentials> CredentialsAsync(string name, string @namespace, CancellationToken cancellation)
    {
        try
        {
            return await secrets.ReadAsync(new ObjectKey(@namespace, name), cancellation);
        }
        catch (KubernetesException refusal)
        {
            throw new StageFailureException(
                ExitCodes.StorageUnavailable,
                "SecretUnavailable",
                refusal.IsNotFound
                    ? $"spec.storage.secretRef.name: Secret \"{name}\" does not exist in namespace {@namespace}; make it, with the storage's connection string as AZURE_STORAGE_CONNECTION_STRING"
                    : $"spec.storage.secretRef.name: Secret \"{name}\" cannot be read: {refusal.Message}",
                refusal);
        }
    }
}

/// <summary>One run's storage, for the moment.</summary>
internal sealed record OpenRunStorage(RunStorage Storage, ContinualRun Run, string Namespace, RunCredentials? Credentials)
{
    /// <summary>Look-ups of things under a URI; null: of the run's own checkpoints.</summary>
    public StorageLookups Lookups(string? uri = null) => Storage.Lookups(this, uri);

    public CheckpointStore Store() => Storage.Store(this);

    public string Redact(string message) => Credentials?.Redact(message) ?? message;
}
