using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;

namespace Cpt.Kubernetes.Tests;

public sealed class RetryTests
{
    private const string Found = """{"metadata":{"name":"a"}}""";
    private readonly PausesRecorded _time = new();

    [Fact]
    public async Task TooManyRequestsWaitsAsLongAsTheServerAsksWhateverTheVerb()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(429, "{}", ("Retry-After", "7")).Answer(201, Found);
        using var client = server.CreateClient(_time.Options);

        await client.CreateAsync(Widget.Named("a", "ns"));

        Assert.Equal(TimeSpan.FromSeconds(7) + TimeSpan.FromMilliseconds(50), Assert.Single(_time.Pauses));
        Assert.Equal(2, server.Requests.Count);
        Assert.Single(server.Requests.Select(request => request.Body).Distinct(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(500)]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    public async Task AServerErrorIsTriedAgainWithGrowingPausesWhereThatIsSound(int code)
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(code).Answer(code).Answer(code).Answer(200, Found);
        using var client = server.CreateClient(_time.Options);

        await client.GetAsync<Widget>("a", "ns");

        Assert.Equal([50, 100, 200], _time.Pauses.Select(pause => pause.TotalMilliseconds));
    }

    [Fact]
    public async Task AServerThatTakesConnectionsAndSaysNothingIsUnreachable()
    {
        using var silent = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        silent.Start();
        using var client = new KubernetesClient(
            new() { Server = new($"https://{silent.LocalEndpoint}") }, new() { Json = [TestJson.Default], ConnectTimeout = TimeSpan.FromMilliseconds(50), Retry = RetryPolicy.None });
        var thrown = await Assert.ThrowsAsync<ApiUnreachableException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.True(thrown.IsTransient);
        Assert.StartsWith("GET /apis/test.cpt.dev/v1/namespaces/ns/widgets/a: ", thrown.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, bool> Writes => new()
    {
        { "create", false },
        { "json patch", false },
        { "merge patch", true },
        { "merge patch of one version", false },
        { "apply", true },
        { "delete", true },
    };

    [Theory]
    [MemberData(nameof(Writes))]
    public async Task AWriteIsSentAgainAfterAServerErrorOnlyWhenTwiceIsAsGoodAsOnce(string verb, bool again)
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(500, """{"kind":"Status","code":500,"message":"etcd is away"}""").Answer(200, Found);
        using var client = server.CreateClient(_time.Options);
        Func<Task> call = verb switch
        {
            "create" => () => client.CreateAsync(Widget.Named("a", "ns")),
            "json patch" => () => client.PatchAsync<Widget>("a", "ns", Patch.Json(new JsonPatch().Add("/spec/parts/-", "x"))),
            "merge patch" => () => client.PatchAsync<Widget>("a", "ns", Patch.Set("spec", new JsonObject())),
            "merge patch of one version" => () => client.PatchAsync<Widget>("a", "ns", Patch.Set("metadata", new JsonObject { ["resourceVersion"] = "7" })),
            "apply" => () => client.ApplyAsync(Widget.Named("a", "ns")),
            _ => () => client.DeleteAsync<Widget>("a", "ns"),
        };

        if (again)
        {
            await call();
        }
        else
        {
            Assert.Contains("etcd is away", (await Assert.ThrowsAsync<KubernetesException>(call)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(again ? 2 : 1, server.Requests.Count);
    }

    [Fact]
    public async Task WhatTheServerRefusesIsNotTriedAgain()
    {
        await using var server = await LocalServer.StartAsync();
        using var client = server.CreateClient(_time.Options);
        await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task AfterTheLastAttemptTheServersOwnWordsAreThrown()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => Plain(context, 503, "shutting down");
        using var client = server.CreateClient(_time.Options with { Retry = _time.Options.Retry with { MaxAttempts = 3 } });

        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"));

        Assert.Equal((3, HttpStatusCode.ServiceUnavailable, true), (server.Requests.Count, thrown.Code, thrown.IsTransient));
        Assert.EndsWith("503 shutting down", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AServerThatAsksForTooLongAPauseIsNotWaitedFor()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(429, "{}", ("Retry-After", "3600"));
        using var client = server.CreateClient(_time.Options);
        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.Equal(TimeSpan.FromHours(1), thrown.RetryAfter);
        Assert.Empty(_time.Pauses);
    }

    [Fact]
    public async Task AnAnswerThatBreaksOffIsReadAgain()
    {
        await using var server = await LocalServer.StartAsync();
        server.Tear("""{"metadata":{"na""").Answer(200, Found);
        using var client = server.CreateClient(_time.Options);
        Assert.Equal("a", (await client.GetAsync<Widget>("a", "ns")).Metadata.Name);
    }

    [Fact]
    public async Task ACreateWhoseAnswerBreaksOffIsNotSentAgain()
    {
        await using var server = await LocalServer.StartAsync();
        server.Tear().Answer(201, Found);
        using var client = server.CreateClient(_time.Options);
        await Assert.ThrowsAsync<ApiUnreachableException>(() => client.CreateAsync(Widget.Named("a", "ns")));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task ACreateThatNeverLeftIsSentOnceTheServerIsThere()
    {
        var port = FreePort();
        LocalServer? server = null;
        var options = _time.Options with
        {
            OnRetry = (_, _, _) =>
            {
                server ??= LocalServer.StartAsync(port).GetAwaiter().GetResult();
                server.Otherwise = context => Plain(context, 201, Found);
            },
        };
        // The certificate is the same for every local server.
        await using var other = await LocalServer.StartAsync();
        using var client = new KubernetesClient(other.Config with { Server = new($"https://127.0.0.1:{port}") }, options with { Json = [TestJson.Default] });

        await client.CreateAsync(Widget.Named("a", "ns"));

        Assert.Single(server!.Requests);
        await server.DisposeAsync();
    }

    [Fact]
    public async Task AServerThatIsSilentIsUnreachable()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(context => Task.Delay(Timeout.Infinite, context.RequestAborted));
        using var client = server.CreateClient(new() { RequestTimeout = TimeSpan.FromMilliseconds(200), Retry = RetryPolicy.None });
        var thrown = await Assert.ThrowsAsync<ApiUnreachableException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.IsType<TimeoutException>(thrown.InnerException);
        Assert.True(thrown.IsTransient);
    }

    [Fact]
    public async Task WhoeverCancelsIsObeyedInTheMiddleOfAPause()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => Plain(context, 503, "no");
        using var cancellation = new CancellationTokenSource();
        using var client = server.CreateClient(new() { OnRetry = (_, _, _) => cancellation.Cancel(), Retry = new() { FirstDelay = TimeSpan.FromHours(1), MaxDelay = TimeSpan.FromHours(1) } });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => client.GetAsync<Widget>("a", "ns", cancellation.Token));
        Assert.Single(server.Requests);
    }

    [Fact]
    public void PausesDoubleUpToTheLimitAndAreSpreadOverTheirUpperHalf()
    {
        var policy = new RetryPolicy { FirstDelay = TimeSpan.FromMilliseconds(100), MaxDelay = TimeSpan.FromSeconds(1), Random = () => 0 };
        Assert.Equal([50, 100, 200, 400, 500, 500], Enumerable.Range(1, 6).Select(attempt => policy.DelayAfter(attempt).TotalMilliseconds));
        Assert.Equal(1000, (policy with { Random = () => 1 }).DelayAfter(int.MaxValue).TotalMilliseconds);
    }

    private static async Task Plain(Microsoft.AspNetCore.Http.HttpContext context, int code, string body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "text/plain";
        await context.Response.Body.WriteAsync(System.Text.Encoding.UTF8.GetBytes(body));
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
