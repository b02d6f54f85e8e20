using Microsoft.AspNetCore.Http;

namespace Cpt.Kubernetes.Tests;

/// <summary>Watches against a server that does what real ones do seldom.</summary>
public sealed class WatchStreamTests
{
    private readonly PausesRecorded _time = new();

    private static WatchOptions From5 => new() { ResourceVersion = "5" };

    [Fact]
    public async Task AWatchGoesOnWhereItStoodWhenTheServerEndsIt()
    {
        await using var server = await LocalServer.StartAsync();
        server.AnswerLines(Line("ADDED", "a", 6), Line("MODIFIED", "a", 8)).AnswerLines(Line("DELETED", "a", 9));
        using var client = server.CreateClient(_time.Options);

        var changes = await client.WatchAsync<Widget>(From5).TakeAsync(3);

        Assert.Equal([WatchEventType.Added, WatchEventType.Modified, WatchEventType.Deleted], changes.Select(change => change.Type));
        Assert.Equal(["5", "8"], Positions(server).Take(2));
        Assert.All(server.Requests, request => Assert.Contains("allowWatchBookmarks=true", request.Path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task ABookmarkMovesThePosition()
    {
        await using var server = await LocalServer.StartAsync();
        server.AnswerLines("""{"type":"BOOKMARK","object":{"kind":"Widget","apiVersion":"test.cpt.dev/v1","metadata":{"resourceVersion":"77"},"spec":{}}}""").AnswerLines(Line("ADDED", "a", 78));
        using var client = server.CreateClient(_time.Options);

        var changes = await client.WatchAsync<Widget>(From5).TakeAsync(2);

        Assert.Equal((WatchEventType.Bookmark, "77"), (changes[0].Type, changes[0].Object.Metadata.ResourceVersion));
        Assert.Equal(["5", "77"], Positions(server).Take(2));
    }

    [Fact]
    public async Task ATornConnectionIsOpenedAgainAndWhyIsTold()
    {
        await using var server = await LocalServer.StartAsync();
        var seen = new TaskCompletionSource();
        server.Answer(async context =>
        {
            await context.Response.WriteAsync(Line("ADDED", "a", 6) + "\n" + """{"type":"MODI""");
            await context.Response.Body.FlushAsync();
            await seen.Task; // tearing throws away what has not been read
            context.Abort();
        }).AnswerLines(Line("MODIFIED", "a", 7));
        var reasons = new List<Exception?>();
        using var client = server.CreateClient(_time.Options);

        await using var changes = client.WatchAsync<Widget>(From5 with { OnReconnect = reasons.Add }).GetAsyncEnumerator();
        Assert.True(await changes.MoveNextAsync());
        Assert.Equal("6", changes.Current.Object.Metadata.ResourceVersion);
        seen.SetResult();
        Assert.True(await changes.MoveNextAsync());

        Assert.Equal("7", changes.Current.Object.Metadata.ResourceVersion);
        Assert.Equal(["5", "6"], Positions(server));
        Assert.IsAssignableFrom<IOException>(reasons[0]);
    }

    [Fact]
    public async Task ASilentConnectionIsGivenUpAndOpenedAgain()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(async context =>
        {
            await context.Response.WriteAsync(Line("ADDED", "a", 6) + "\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }).AnswerLines(Line("MODIFIED", "a", 7));
        var reasons = new List<Exception?>();
        using var client = server.CreateClient();

        var changes = await client.WatchAsync<Widget>(From5 with { InactivityTimeout = TimeSpan.FromMilliseconds(200), OnReconnect = reasons.Add }).TakeAsync(2);

        Assert.Equal("7", changes[1].Object.Metadata.ResourceVersion);
        Assert.IsType<TimeoutException>(reasons[0]);
    }

    [Fact]
    public async Task AReaderThatTakesItsTimeIsNoSilence()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(async context =>
        {
            await context.Response.WriteAsync(Line("ADDED", "a", 6) + "\n");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        });
        var time = new TimersCounted();
        using var client = server.CreateClient(new() { Time = time });
        await foreach (var _ in client.WatchAsync<Widget>(From5))
        {
            // Between two reads the limit is off, however long the reader thinks.
            Assert.Equal(Timeout.InfiniteTimeSpan, time.LastSet);
            break;
        }
    }

    [Fact]
    public async Task AnExpiredPositionIsThrownWhetherAnsweredOrToldAsAnEvent()
    {
        const string Expired = """{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"too old resource version: 5 (99)","reason":"Expired","code":410}""";
        await using var server = await LocalServer.StartAsync();
        server.Answer(410, Expired).AnswerLines(Line("ADDED", "a", 6), $$"""{"type":"ERROR","object":{{Expired}}}""");
        using var client = server.CreateClient(_time.Options);

        await Assert.ThrowsAsync<ResourceExpiredException>(() => client.WatchAsync<Widget>(From5).TakeAsync(1));
        var thrown = await Assert.ThrowsAsync<ResourceExpiredException>(() => client.WatchAsync<Widget>(From5).TakeAsync(2));

        Assert.Contains("too old resource version: 5 (99)", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task TheServersOwnTroubleIsWaitedOut()
    {
        await using var server = await LocalServer.StartAsync();
        server.AnswerLines("""{"type":"ERROR","object":{"kind":"Status","status":"Failure","message":"etcdserver: no leader","code":500}}""")
            .Answer(500).Answer(429, "{}", ("Retry-After", "2")).AnswerLines(Line("ADDED", "a", 6));
        using var client = server.CreateClient(_time.Options with { Retry = RetryPolicy.None });

        Assert.Single(await client.WatchAsync<Widget>(From5).TakeAsync(1));
        Assert.Contains(_time.Pauses, pause => pause >= TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task ARefusalForGoodIsThrown()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(403, """{"kind":"Status","code":403,"reason":"Forbidden","message":"no"}""");
        using var client = server.CreateClient(_time.Options);
        Assert.True((await Assert.ThrowsAsync<KubernetesException>(() => client.WatchAsync<Widget>(From5).TakeAsync(1))).IsForbidden);
    }

    [Fact]
    public async Task AnObjectThatDoesNotFitItsTypeIsNamedWithThePlace()
    {
        await using var server = await LocalServer.StartAsync();
        server.AnswerLines("""{"type":"ADDED","object":{"metadata":{"name":"a"},"spec":{"replicas":"three"} } }""").Answer(200, """{"metadata":{"name":"a"},"spec":[]}""");
        using var client = server.CreateClient(_time.Options);
        var thrown = await Assert.ThrowsAsync<UnreadableAnswerException>(() => client.WatchAsync<Widget>(From5).TakeAsync(1));
        Assert.Contains("$.spec.replicas", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("cannot be read as Widget", (await Assert.ThrowsAsync<UnreadableAnswerException>(() => client.GetAsync<Widget>("a", "ns"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AWatchThatIsEndedAtOnceAgainAndAgainSlowsDown()
    {
        await using var server = await LocalServer.StartAsync();
        for (var i = 0; i < 8; i++)
        {
            server.AnswerLines();
        }

        server.AnswerLines(Line("ADDED", "a", 6));
        using var client = server.CreateClient(_time.Options);
        await client.WatchAsync<Widget>(From5).TakeAsync(1);
        Assert.Equal(8, _time.Pauses.Count);
        Assert.InRange(_time.Pauses.Last(), TimeSpan.FromSeconds(2.5), TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    public async Task AWatchNeedsAPlaceToBegin(string resourceVersion)
    {
        await using var server = await LocalServer.StartAsync();
        using var client = server.CreateClient();
        await Assert.ThrowsAsync<ArgumentException>(() => client.WatchAsync<Widget>(new() { ResourceVersion = resourceVersion }).TakeAsync(1));
    }

    [Fact]
    public async Task EventsArriveWholeHoweverTheyAreCut()
    {
        var long_ = new string('x', 300_000);
        var text = Line("ADDED", "ä-" + long_, 6) + "\r\n\n" + """{ "object": {"metadata": {"name": "b"}}, "type": "MODIFIED" }""" + "\n";
        await using var server = await LocalServer.StartAsync();
        server.Answer(async context =>
        {
            var bytes = System.Text.Encoding.UTF8.GetBytes(text);
            for (var start = 0; start < bytes.Length; start += 7919)
            {
                await context.Response.Body.WriteAsync(bytes.AsMemory(start, Math.Min(7919, bytes.Length - start)));
                await context.Response.Body.FlushAsync();
            }
        });
        using var client = server.CreateClient(_time.Options);

        var changes = await client.WatchAsync<Widget>(From5).TakeAsync(2);

        Assert.Equal("ä-" + long_, changes[0].Object.Metadata.Name);
        Assert.Equal((WatchEventType.Modified, "b", "Widget"), (changes[1].Type, changes[1].Object.Metadata.Name, changes[1].Object.Kind));
    }

    private static string Line(string type, string name, int version) =>
        $$$"""{"type":"{{{type}}}","object":{"apiVersion":"test.cpt.dev/v1","kind":"Widget","metadata":{"name":"{{{name}}}","resourceVersion":"{{{version}}}"},"spec":{} } }""";

    private static IEnumerable<string> Positions(LocalServer server) =>
        server.Requests.Select(request => System.Web.HttpUtility.ParseQueryString(new Uri("http://x" + request.Path).Query)["resourceVersion"]!);

    private sealed class TimersCounted : TimeProvider
    {
        public TimeSpan LastSet { get; private set; }

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Timer(this, System.CreateTimer(callback, state, dueTime, period));

        private sealed class Timer(TimersCounted owner, ITimer inner) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                owner.LastSet = dueTime;
                return inner.Change(dueTime, period);
            }

            public void Dispose() => inner.Dispose();

            public ValueTask DisposeAsync() => inner.DisposeAsync();
        }
    }
}
