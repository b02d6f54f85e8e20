using System.Net;
using System.Net.Sockets;
using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>What people read when blob storage does not answer, refuses, or is not configured.</summary>
public sealed class UnreachableTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact(Timeout = 60_000)]
    public async Task ARefusedConnectionIsExitCode69NamingTheEndpoint()
    {
        var port = FreePort();
        var error = await FailAsync(At($"http://127.0.0.1:{port}/devstoreaccount1"));
        Assert.Equal((69, "StorageUnavailable"), (error.ExitCode, error.Reason));
        Assert.Contains($"127.0.0.1:{port}", error.Message, StringComparison.Ordinal);
        Assert.Contains("refused", error.Message, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("CPT_STORAGE_TIMEOUT_SECONDS", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task AnEndpointThatAcceptsAndNeverAnswersIsGivenUp()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var error = await FailAsync(At($"http://{silent.LocalEndpoint}/devstoreaccount1"));
        Assert.Equal((69, "StorageUnavailable"), (error.ExitCode, error.Reason));
        Assert.Contains("could not be reached within 1 s", error.Message, StringComparison.Ordinal);
    }

    [Fact(Timeout = 60_000)]
    public async Task AHostThatDoesNotExistIsNamed()
    {
        var error = await FailAsync(At("http://no-such-host.invalid/devstoreaccount1"));
        Assert.Equal(69, error.ExitCode);
        Assert.Contains("no-such-host.invalid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWrongKeyIsExitCode69WithWhereCredentialsWereLookedFor()
    {
        Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");
        var error = await FailAsync(At(azurite.Endpoint, Convert.ToBase64String("wrong"u8)));
        Assert.Equal((69, "StorageUnavailable"), (error.ExitCode, error.Reason));
        Assert.Contains("403", error.Message, StringComparison.Ordinal);
        Assert.Contains("AZURE_STORAGE_CONNECTION_STRING", error.Message, StringComparison.Ordinal);
        Assert.Contains("AZURE_STORAGE_SAS_TOKEN", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WithoutAnAccountTheVariablesAreNamed()
    {
        var error = Assert.Throws<StageFailureException>(() => ObjectStores.Open("azblob://container/p", new StorageOptions { Environment = Azurite.Variables() }));
        Assert.Equal(69, error.ExitCode);
        Assert.Contains("AZURE_STORAGE_BLOB_ENDPOINT", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AZURE_STORAGE_CONNECTION_STRING", "rubbish")]
    [InlineData("AZURE_STORAGE_BLOB_ENDPOINT", "rubbish")]
    [InlineData("AZURE_STORAGE_BLOB_ENDPOINT", "http://127.0.0.1:1/account")]
    public void UnusableSettingsAreNamedBeforeAnythingIsContacted(string name, string value)
    {
        var error = Assert.Throws<StageFailureException>(() => ObjectStores.Open("azblob://container/p", new StorageOptions { Environment = Azurite.Variables((name, value)) }));
        Assert.Equal(69, error.ExitCode);
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("soon")]
    public void ATimeoutThatIsNoneIsRefused(string value)
    {
        var options = new StorageOptions { Environment = Azurite.Variables(("CPT_STORAGE_TIMEOUT_SECONDS", value)) };
        var error = Assert.Throws<StageFailureException>(() => ObjectStores.Open("file:///tmp/x", options));
        Assert.Equal(64, error.ExitCode);
        Assert.Contains($"\"{value}\"", error.Message, StringComparison.Ordinal);
    }

    private static StorageOptions At(string endpoint, string key = Azurite.Key) => new()
    {
        Environment = Azurite.Variables(
            ("AZURE_STORAGE_CONNECTION_STRING", $"DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey={key};BlobEndpoint={endpoint};"),
            ("CPT_STORAGE_TIMEOUT_SECONDS", "1")),
    };

    private static Task<StageFailureException> FailAsync(StorageOptions options) =>
        Assert.ThrowsAsync<StageFailureException>(() => CheckpointStore.Open("azblob://container/p", options).ReadManifestAsync("aa", Token));

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
