using System.Net;
using Azure.Storage;
using Azure.Storage.Sas;
using Cpt.Contract;

namespace Cpt.Storage.Tests;

/// <summary>How bytes travel to and from Azurite: in bounded parallel, over faults, with each kind of credential.</summary>
public sealed class TransferTests(Azurite azurite)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task RequestsRunSideBySideButNeverMoreThanAllowed()
    {
        using var wire = new Wire();
        await RoundTripAsync(Options(wire) with { BlockBytes = 64 << 10, Concurrency = 3 });
        Assert.Equal(3, wire.MostAtOnce);
    }

    [Fact]
    public async Task WhatPassesIsRetriedUntilItWorks()
    {
        using var wire = new Wire { FailEvery = 3 };
        await RoundTripAsync(Options(wire) with { BlockBytes = 256 << 10 });
        Assert.True(wire.Failed > 3);
    }

    [Fact]
    public async Task AManifestWhoseAnswerWasLostIsCommittedOnce()
    {
        using var local = new TemporaryDirectory();
        using var wire = new Wire { LoseAnswersOf = "manifest.json" };
        var store = CheckpointStore.Open($"azblob://{azurite.NextContainer()}/x", Options(wire));
        var committed = await store.CommitAsync(A.Final("aa"), CheckpointSource.Model(A.Model(local["m"])), null, Token);
        Assert.True(wire.Failed > 0);
        Assert.Equal(committed.CreatedAt, (await store.ReadManifestAsync("aa", Token))!.CreatedAt);
    }

    [Fact]
    public async Task ASharedAccessSignatureIsEnough()
    {
        SkipWithout();
        var sas = new AccountSasBuilder(AccountSasPermissions.All, DateTimeOffset.UtcNow.AddHours(1), AccountSasServices.Blobs, AccountSasResourceTypes.All)
        {
            Protocol = SasProtocol.HttpsAndHttp,
        }.ToSasQueryParameters(new StorageSharedKeyCredential(Azurite.Account, Azurite.Key));
        await RoundTripAsync(new StorageOptions
        {
            Environment = Azurite.Variables(("AZURE_STORAGE_BLOB_ENDPOINT", azurite.Endpoint), ("AZURE_STORAGE_SAS_TOKEN", "?" + sas)),
        });
    }

    [Fact]
    public async Task AnAccountAndItsKeyAreEnough()
    {
        SkipWithout();
        await RoundTripAsync(new StorageOptions
        {
            Environment = Azurite.Variables(("AZURE_STORAGE_BLOB_ENDPOINT", azurite.Endpoint), ("AZURE_STORAGE_ACCOUNT", Azurite.Account), ("AZURE_STORAGE_KEY", Azurite.Key)),
        });
    }

    private void SkipWithout() => Assert.SkipWhen(azurite.Absent is not null, azurite.Absent ?? "");

    private StorageOptions Options(Wire wire)
    {
        SkipWithout();
        return azurite.Options(new StorageOptions { HttpHandler = wire });
    }

    private async Task RoundTripAsync(StorageOptions options)
    {
        using var local = new TemporaryDirectory();
        var store = ObjectStores.Open($"azblob://{azurite.NextContainer()}/x", options);
        var content = A.Bytes(1, 3_000_000);
        Assert.True(await store.PutFileAsync("b", local.Write("in", content), Digests.OfBytes(content), null, Token));
        Assert.Equal(Digests.OfBytes(content), await store.GetFileAsync("b", local["out"], null, Token));
    }

    /// <summary>The network, watched and disturbed.</summary>
    private sealed class Wire() : DelegatingHandler(new SocketsHttpHandler())
    {
        private int _now;
        private int _most;
        private int _count;
        private int _failed;

        public int FailEvery { get; init; }

        public string? LoseAnswersOf { get; init; }

        public int MostAtOnce => _most;

        public int Failed => _failed;

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var now = Interlocked.Increment(ref _now);
            for (var most = _most; now > most; most = _most) Interlocked.CompareExchange(ref _most, now, most);
            try
            {
                var count = Interlocked.Increment(ref _count);
                if (FailEvery > 0 && count % FailEvery == 0)
                {
                    Interlocked.Increment(ref _failed);
                    if (count % 2 == 0) throw new HttpRequestException("connection reset");
                    return new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { RequestMessage = request };
                }

                var answer = await base.SendAsync(request, cancellationToken);
                if (LoseAnswersOf is { } name && request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith(name, StringComparison.Ordinal) && answer.IsSuccessStatusCode
                    && Interlocked.Increment(ref _failed) == 1)
                {
                    answer.Dispose();
                    throw new HttpRequestException("the answer was lost");
                }

                return answer;
            }
            finally
            {
                Interlocked.Decrement(ref _now);
            }
        }
    }
}
