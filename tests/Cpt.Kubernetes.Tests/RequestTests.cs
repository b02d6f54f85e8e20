using System.Diagnostics.Metrics;
using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Cpt.Kubernetes.Tests;

/// <summary>What goes over the wire.</summary>
public sealed class RequestTests
{
    private const string Found = """{"metadata":{"name":"a"}}""";

    [Fact]
    public async Task CallsAndWatchesShareOneConnection()
    {
        await using var server = await LocalServer.StartAsync();
        var all = new TaskCompletionSource();
        var waiting = 0;
        server.Otherwise = async context =>
        {
            // Nobody is answered before all are there.
            if (Interlocked.Increment(ref waiting) == 50)
            {
                all.SetResult();
            }

            await all.Task;
            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(Found);
        };
        using var client = server.CreateClient();

        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => client.GetAsync<Widget>("a" + i.ToString(CultureInfo.InvariantCulture), "ns")));

        Assert.Equal(1, server.Connections);
        Assert.All(server.Requests, request => Assert.Equal("HTTP/2", request.Protocol));
    }

    [Fact]
    public async Task AProxyThatSpeaksPlainHttpServesCallsAndWatches()
    {
        await using var server = await LocalServer.StartAsync(isSecure: false);
        server.Answer(200, Found).AnswerLines("""{"type":"ADDED","object":{"metadata":{"name":"a","resourceVersion":"6"}}}""");
        using var client = server.CreateClient();
        await client.GetAsync<Widget>("a", "ns");
        Assert.Equal("6", (await client.WatchAsync<Widget>(new() { ResourceVersion = "5" }).TakeAsync(1))[0].Object.Metadata.ResourceVersion);
        Assert.Equal("HTTP/1.1", server.Requests.First().Protocol);
    }

    [Fact]
    public async Task OptionsBecomeParameters()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => context.Response.WriteAsync(Found);
        using var client = server.CreateClient(new() { FieldManager = "cpt-operator" });

        await client.CreateAsync(Widget.Named("a", "ns"), new() { DryRun = true, FieldValidation = FieldValidation.Strict });
        await client.ApplyAsync(Widget.Named("a", "ns"), new() { FieldManager = "me", Force = true });
        await client.DeleteAsync<Widget>("a", "ns", new() { Uid = "u", ResourceVersion = "7", PropagationPolicy = PropagationPolicy.Background, GracePeriodSeconds = 0 });

        const string Base = "/apis/test.cpt.dev/v1/namespaces/ns/widgets";
        Assert.Equal(
            [$"POST {Base}?fieldManager=cpt-operator&dryRun=All&fieldValidation=Strict", $"PATCH {Base}/a?fieldManager=me&force=true", $"DELETE {Base}/a"],
            server.Requests.Select(request => $"{request.Method} {request.Path}"));
        Assert.Equal("application/apply-patch+yaml", server.Requests.ElementAt(1).Headers["Content-Type"]);
        Assert.Equal(
            """{"apiVersion":"v1","kind":"DeleteOptions","propagationPolicy":"Background","gracePeriodSeconds":0,"preconditions":{"uid":"u","resourceVersion":"7"}}""",
            server.Requests.Last().Body);
    }

    [Fact]
    public async Task NamesAndSelectorsAreEscaped()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => context.Response.WriteAsync("""{"items":[]}""");
        using var client = server.CreateClient();
        await client.ListAsync<Widget>(new() { LabelSelector = "a in (b,c),d!=e", Limit = 0 });
        Assert.Equal("/apis/test.cpt.dev/v1/widgets?labelSelector=a%20in%20%28b%2Cc%29%2Cd%21%3De", Assert.Single(server.Requests).Path);
    }

    [Fact]
    public async Task ImpersonationTravelsInHeaders()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => context.Response.WriteAsync(Found);
        var who = new Impersonation("ann", "7", "dev", new Dictionary<string, string>(StringComparer.Ordinal) { ["example.com/scope"] = "x" });
        using var client = new KubernetesClient(server.Config with { Impersonate = who }, new() { Json = [TestJson.Default] });
        await client.GetAsync<Widget>("a", "ns");

        var headers = Assert.Single(server.Requests).Headers;
        Assert.Equal(("ann", "7", "dev", "x"), (headers["Impersonate-User"], headers["Impersonate-Uid"], headers["Impersonate-Group"], headers["Impersonate-Extra-example.com%2Fscope"]));
    }

    [Fact]
    public async Task AServerBehindAPathKeepsIt()
    {
        await using var server = await LocalServer.StartAsync();
        server.Otherwise = context => context.Response.WriteAsync(Found);
        using var client = new KubernetesClient(server.Config with { Server = new(server.Config.Server, "/k8s/clusters/c1/") }, new() { Json = [TestJson.Default] });
        await client.GetAsync<Widget>("a", "ns");
        Assert.StartsWith("/k8s/clusters/c1/apis/", Assert.Single(server.Requests).Path, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WarningsOfTheServerAreHandedOn()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(200, Found, ("Warning", """299 - "unknown field \"spec.colour\"" """.Trim()));
        var warnings = new List<string>();
        using var client = server.CreateClient(new() { OnWarning = warnings.Add });
        await client.GetAsync<Widget>("a", "ns");
        Assert.Equal("unknown field \"spec.colour\"", Assert.Single(warnings));
    }

    [Fact]
    public async Task EachAttemptIsCountedUnderClientGosNames()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(503).Answer(200, Found);
        var host = server.Config.Server.Authority;
        var seen = new List<string>();
        using var listener = new MeterListener { InstrumentPublished = (instrument, self) => { if (instrument.Meter.Name == ClientMetrics.MeterName) self.EnableMeasurementEvents(instrument); } };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value >= 0 ? 1 : 0, tags));
        listener.Start();
        using var client = server.CreateClient(new PausesRecorded().Options);

        await client.GetAsync<Widget>("a", "ns");

        Assert.Equal(
            [
                "rest_client_requests_total code=503 method=GET 1", "rest_client_request_duration_seconds verb=get 1", "rest_client_request_retries_total code=503 verb=get 1",
                "rest_client_requests_total code=200 method=GET 1", "rest_client_request_duration_seconds verb=get 1",
            ],
            seen);

        void Note(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            var labels = tags.ToArray();
            if (labels.Any(label => label.Key == "host" && (string?)label.Value == host))
            {
                seen.Add($"{instrument.Name} {string.Join(' ', labels.Where(label => label.Key != "host").Select(label => $"{label.Key}={label.Value}"))} {value}");
            }
        }
    }

    [Fact]
    public async Task APageOfAProxyIsShownAsItIs()
    {
        await using var server = await LocalServer.StartAsync();
        server.Answer(context =>
        {
            context.Response.StatusCode = 403;
            context.Response.ContentType = "text/html";
            return context.Response.WriteAsync("<h1>Sign in first</h1>");
        });
        using var client = server.CreateClient();
        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.True(thrown.IsForbidden);
        Assert.EndsWith("403 <h1>Sign in first</h1>", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AKindThatNoContextKnowsIsNamed()
    {
        await using var server = await LocalServer.StartAsync();
        using var client = new KubernetesClient(server.Config);
        var thrown = await Assert.ThrowsAsync<InvalidOperationException>(() => client.GetAsync<Widget>("a", "ns"));
        Assert.Contains("[JsonSerializable(typeof(Widget))]", thrown.Message, StringComparison.Ordinal);
    }
}
