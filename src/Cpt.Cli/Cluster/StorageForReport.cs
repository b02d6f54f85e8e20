using Cpt.Contract;
using Cpt.Storage;

namespace Cpt.Cli.Cluster;

/// <summary>A run's storage, where it can be reached from here: it belongs to the pods, and whoever asks for a report may have no part in it.</summary>
internal static class StorageForReport
{
    /// <summary>Asked for before anything else: a stage of this hash is nowhere.</summary>
    private const string NoStage = "0000000000000000000000000000000000000000";
    private const string None = "none";

    /// <summary>Less than a person waits; a pod waits longer.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    /// <param name="uri">As the pods see it, or as typed.</param>
    /// <param name="warn">What the storage says beside its answers.</param>
    /// <param name="gather">With the store; or with null and why.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<T> WithAsync<T>(string uri, Action<string> warn, Func<CheckpointStore?, string?, Task<T>> gather, CancellationToken cancellation)
    {
        if (uri == None)
        {
            return await gather(null, "Training curves and lost answers are left out, since the storage was not to be read.");
        }

        try
        {
            var store = CheckpointStore.Open(uri, new StorageOptions { OnWarning = warn, Timeout = s_patience });
            if (uri.StartsWith("file://", StringComparison.Ordinal) && !Directory.Exists(Uri.UnescapeDataString(new Uri(uri).AbsolutePath)))
            {
                return await gather(null, Missing(uri, "there is no such directory on this machine"));
            }

            await store.ReadManifestAsync(NoStage, cancellation);
            return await gather(store, null);
        }
        catch (StageFailureException unreachable)
        {
            return await gather(null, Missing(uri, unreachable.Message));
        }
    }

    private static string Missing(string uri, string why) => $"Training curves and lost answers are left out: the storage {uri} could not be read from here ({why}).";
}
