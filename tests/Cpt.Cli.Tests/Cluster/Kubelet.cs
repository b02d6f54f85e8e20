using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Cpt.Kubernetes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>A node whose kubelet serves logs as a real one does: with times, from a time on, the last lines, and on and on until the container ends.</summary>
internal sealed class Kubelet : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ContainerLog> _logs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _asked = new();
    private CancellationTokenSource _drop = new();
    private WebApplication _web = null!;

    private Kubelet(string node) => Node = node;

    public string Node { get; }

    /// <summary>Path and query of every request.</summary>
    public IEnumerable<string> Asked => _asked;

    public ContainerLog this[string pod] => _logs.GetOrAdd(pod, _ => new());

    public static async Task<Kubelet> StartAsync(ApiServer server, string name)
    {
        var kubelet = new Kubelet("node-" + name);
        var pki = Path.Combine(server.Cluster.Directory, "pki");
        var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(pki, "kubelet-serving.crt"), Path.Combine(pki, "kubelet-serving.key"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        kubelet._web = builder.Build();
        kubelet._web.Run(kubelet.ServeAsync);
        await kubelet._web.StartAsync();
        await server.Client.CreateAsync(new Node { Metadata = new() { Name = kubelet.Node } });
        await server.Client.PatchStatusAsync<Node>(kubelet.Node, null, Patch.Set("status", new JsonObject
        {
            ["addresses"] = new JsonArray(new JsonObject { ["type"] = "InternalIP", ["address"] = "127.0.0.1" }),
            ["daemonEndpoints"] = new JsonObject { ["kubeletEndpoint"] = new JsonObject { ["Port"] = new Uri(kubelet._web.Urls.Single()).Port } },
        }));
        return kubelet;
    }

    /// <summary>Every open connection breaks, in the middle of a line if need be.</summary>
    public async Task DropAsync()
    {
        var drop = Interlocked.Exchange(ref _drop, new());
        await drop.CancelAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var log in _logs.Values)
        {
            log.End();
        }

        await _web.DisposeAsync();
    }

    private async Task ServeAsync(HttpContext context)
    {
        _asked.Enqueue(context.Request.Path + context.Request.QueryString);
        // /containerLogs/NAMESPACE/POD/CONTAINER
        var log = this[context.Request.Path.Value!.Split('/')[3]];
        var query = context.Request.Query;
        var since = query["sinceTime"] is [{ } time] ? DateTimeOffset.Parse(time, CultureInfo.InvariantCulture) : DateTimeOffset.MinValue;
        var skip = query["tailLines"] is [{ } tail] ? Math.Max(0, log.Count - int.Parse(tail, CultureInfo.InvariantCulture)) : 0;
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _drop.Token);
        context.Response.ContentType = "text/plain";
        try
        {
            await context.Response.StartAsync();
            for (var index = skip; await log.LineAsync(index, query["follow"] == "true", end.Token) is { } line; index++)
            {
                if (line.Time >= since)
                {
                    await context.Response.WriteAsync((query["timestamps"] == "true" ? line.Time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'00Z'", CultureInfo.InvariantCulture) + " " : "") + line.Text);
                    await context.Response.Body.FlushAsync();
                }
            }
        }
        catch (OperationCanceledException)
        {
            await context.Response.WriteAsync(log.Cut);
            await context.Response.Body.FlushAsync();
            context.Abort();
        }
    }
}

/// <summary>What a container wrote.</summary>
internal sealed class ContainerLog
{
    private readonly Lock _gate = new();
    private readonly List<(DateTimeOffset Time, string Text)> _lines = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _ended;

    /// <summary>What a breaking connection sends of the line it was at.</summary>
    public string Cut { get; set; } = "2026-01-02T03:";

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _lines.Count;
            }
        }
    }

    /// <param name="time">When the node took it down.</param>
    /// <param name="text">Without a line feed.</param>
    public void Write(DateTimeOffset time, string text) => Change(() => _lines.Add((time, text + "\n")));

    public void End() => Change(() => _ended = true);

    public async Task<(DateTimeOffset Time, string Text)?> LineAsync(int index, bool follow, CancellationToken cancellation)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                if (index < _lines.Count)
                {
                    return _lines[index];
                }

                if (_ended || !follow)
                {
                    return null;
                }

                more = _more.Task;
            }

            await more.WaitAsync(cancellation);
        }
    }

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            _more.SetResult();
            _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}

[KubernetesEntity(ApiVersion = "v1", Kind = "Node", PluralName = "nodes")]
[EntityScope(EntityScope.Cluster)]
public sealed record Node : KubernetesObject
{
    public JsonElement? Status { get; set; }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(Node))]
internal sealed partial class NodeJson : JsonSerializerContext;
