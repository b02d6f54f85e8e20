using Azure;
using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;

namespace Cpt.Storage;

/// <summary>Finds the account and its credentials in the environment, in the order of <see cref="Looked"/>.</summary>
internal static class BlobAccount
{
    public const string ConnectionString = "AZURE_STORAGE_CONNECTION_STRING";
    public const string Endpoint = "AZURE_STORAGE_BLOB_ENDPOINT";
    public const string SasToken = "AZURE_STORAGE_SAS_TOKEN";
    public const string AccountName = "AZURE_STORAGE_ACCOUNT";
    public const string AccountKey = "AZURE_STORAGE_KEY";

    public const string Looked =
        $"{ConnectionString}; or {Endpoint} (or {AccountName}) with {SasToken}, {AccountKey}, a workload identity (AZURE_CLIENT_ID, AZURE_TENANT_ID, " +
        "AZURE_FEDERATED_TOKEN_FILE) or any other credential of Azure.Identity's DefaultAzureCredential";

    private static readonly TimeSpan s_connect = TimeSpan.FromSeconds(10);

    /// <returns>The client, and a word for the kind of credential, for messages.</returns>
    public static (BlobServiceClient Client, string Credential) Open(StorageUri uri, StorageOptions options)
    {
        var settings = Settings(options);
        try
        {
            if (options.Variable(ConnectionString) is { } connection) return (new BlobServiceClient(connection, settings), ConnectionString);
            var endpoint = EndpointOf(uri, options);
            if (options.Credential is { } given) return (new BlobServiceClient(endpoint, given, settings), "the given token credential");
            if (options.Variable(SasToken) is { } sas) return (new BlobServiceClient(endpoint, new AzureSasCredential(sas.TrimStart('?')), settings), SasToken);
            if (options.Variable(AccountKey) is { } key && options.Variable(AccountName) is { } account)
                return (new BlobServiceClient(endpoint, new StorageSharedKeyCredential(account, key), settings), AccountKey);
            if (endpoint.Scheme != Uri.UriSchemeHttps)
                throw StorageErrors.Unavailable($"{uri.Text}: {Endpoint} is {endpoint}, and without {SasToken} or {AccountKey} only https is possible: identities are not sent in the clear");
            return options.Variable("AZURE_FEDERATED_TOKEN_FILE") is not null
                ? (new BlobServiceClient(endpoint, WorkloadIdentity(options, settings.Transport), settings), "workload identity")
                : (new BlobServiceClient(endpoint, new DefaultAzureCredential(includeInteractiveCredentials: false), settings), "DefaultAzureCredential");
        }
        catch (Exception error) when (error is FormatException or ArgumentException or InvalidOperationException)
        {
            throw StorageErrors.Unavailable($"{uri.Text}: the credentials in the environment cannot be read: {error.Message} (looked at: {Looked})", error);
        }
    }

    private static WorkloadIdentityCredential WorkloadIdentity(StorageOptions options, HttpPipelineTransport transport)
    {
        var identity = new WorkloadIdentityCredentialOptions
        {
            ClientId = options.Variable("AZURE_CLIENT_ID"),
            TenantId = options.Variable("AZURE_TENANT_ID"),
            TokenFilePath = options.Variable("AZURE_FEDERATED_TOKEN_FILE"),
            Transport = transport,
        };
        if (options.Variable("AZURE_AUTHORITY_HOST") is { } authority) identity.AuthorityHost = new Uri(authority);
        return new WorkloadIdentityCredential(identity);
    }

    private static Uri EndpointOf(StorageUri uri, StorageOptions options)
    {
        if (options.Variable(Endpoint) is { } text)
        {
            return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var endpoint) && endpoint.Scheme is "http" or "https"
                ? endpoint
                : throw StorageErrors.Unavailable($"{uri.Text}: {Endpoint} is \"{text}\"; a URL such as https://ACCOUNT.blob.core.windows.net is needed");
        }

        return options.Variable(AccountName) is { } account
            ? new Uri($"https://{account}.blob.core.windows.net")
            : throw StorageErrors.Unavailable($"{uri.Text}: no storage account in the environment; set {Looked}");
    }

    private static BlobClientOptions Settings(StorageOptions options)
    {
        var giveUp = options.GiveUpAfter;
        // One pool of connections a store; a host that drops packets is noticed before the time to give up is over.
        var handler = options.HttpHandler ?? new SocketsHttpHandler
        {
            ConnectTimeout = giveUp < s_connect ? giveUp : s_connect,
            MaxConnectionsPerServer = Math.Max(8, options.Concurrency * 2),
            PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        };
        var settings = new BlobClientOptions
        {
            Transport = new HttpClientTransport(new HttpClient(handler, disposeHandler: options.HttpHandler is null) { Timeout = System.Threading.Timeout.InfiniteTimeSpan }),
            // The number of tries never ends it: BlobCalls gives each call its time, and cancels it then.
            Retry =
            {
                Mode = RetryMode.Exponential,
                Delay = TimeSpan.FromMilliseconds(250),
                MaxDelay = TimeSpan.FromSeconds(8),
                MaxRetries = 1000,
                NetworkTimeout = TimeSpan.FromSeconds(Math.Clamp(giveUp.TotalSeconds, 1, 100)),
            },
            Diagnostics = { IsLoggingEnabled = false, IsDistributedTracingEnabled = false, IsTelemetryEnabled = false },
        };
        settings.AddPolicy(new LastFailure.Policy(), HttpPipelinePosition.PerRetry);
        return settings;
    }
}
