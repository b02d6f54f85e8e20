using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Cpt.Kubernetes.Tests;

/// <summary>Logs through the real API server, from a node whose kubelet is played here.</summary>
[Trait("Category", "Cluster")]
public sealed class LogTests(ApiServer server) : IAsyncLifetime
{
    private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();
    private readonly List<string> _asked = [];
    private WebApplication _kubelet = null!;
    private string _namespace = "";

    public async ValueTask InitializeAsync()
    {
        _namespace = await server.StartAsync();
        _kubelet = await StartKubeletAsync();
        var node = "node-" + _namespace;
        await server.Client.CreateAsync(new Node { Metadata = new() { Name = node } });
        await server.Client.PatchStatusAsync<Node>(node, null, Patch.Set("status", new System.Text.Json.Nodes.JsonObject
        {
            ["addresses"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["type"] = "InternalIP", ["address"] = "127.0.0.1" }),
            ["daemonEndpoints"] = new System.Text.Json.Nodes.JsonObject { ["kubeletEndpoint"] = new System.Text.Json.Nodes.JsonObject { ["Port"] = new Uri(_kubelet.Urls.Single()).Port } },
        }));
        await server.Client.CreateAsync(new Pod
        {
            Metadata = new() { Name = "p", Namespace = _namespace },
            Spec = new() { NodeName = node, Containers = [new() { Name = "main", Image = "image" }] },
        });
    }

    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await _kubelet.DisposeAsync();
    }

    [Fact]
    public async Task ALogIsReadAsItIs()
    {
        await WriteAsync("one", "två");
        _lines.Writer.Complete();
        await using var log = await server.Client.ReadLogAsync("p", _namespace, new() { Container = "main", TailLines = 10, Timestamps = true, Previous = true });
        using var reader = new StreamReader(log);
        Assert.Equal("one\ntvå\n", await reader.ReadToEndAsync());
        Assert.Equal($"/containerLogs/{_namespace}/p/main?previous=true&tailLines=10&timestamps=true", Assert.Single(_asked));
    }

    [Fact]
    public async Task EachLineIsThereAsSoonAsItIsWritten()
    {
        var read = new List<string>();
        await WriteAsync("0");
        await foreach (var line in server.Client.ReadLogLinesAsync("p", _namespace, new() { Follow = true }))
        {
            read.Add(line);
            // The next line is written only once this one was read; after the third the container ends.
            await (read.Count < 3 ? WriteAsync(read.Count.ToString(System.Globalization.CultureInfo.InvariantCulture)) : Task.Run(() => _lines.Writer.Complete()));
        }

        Assert.Equal(["0", "1", "2"], read);
    }

    [Fact]
    public async Task AnUnknownContainerIsRefused()
    {
        var thrown = await Assert.ThrowsAsync<KubernetesException>(() => server.Client.ReadLogAsync("p", _namespace, new() { Container = "other" }));
        Assert.Equal(HttpStatusCode.BadRequest, thrown.Code);
        Assert.Contains("container other is not valid for pod p", thrown.Message, StringComparison.Ordinal);
    }

    private async Task WriteAsync(params string[] lines)
    {
        foreach (var line in lines)
        {
            await _lines.Writer.WriteAsync(line + "\n");
        }
    }

    private async Task<WebApplication> StartKubeletAsync()
    {
        var pki = Path.Combine(server.Cluster.Directory, "pki");
        var certificate = X509Certificate2.CreateFromPemFile(Path.Combine(pki, "kubelet-serving.crt"), Path.Combine(pki, "kubelet-serving.key"));
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        var kubelet = builder.Build();
        kubelet.Run(async context =>
        {
            _asked.Add(context.Request.Path + context.Request.QueryString);
            context.Response.ContentType = "text/plain";
            await foreach (var line in _lines.Reader.ReadAllAsync(context.RequestAborted))
            {
                await context.Response.WriteAsync(line);
                await context.Response.Body.FlushAsync();
            }
        });
        await kubelet.StartAsync();
        return kubelet;
    }
}

[KubernetesEntity(ApiVersion = "v1", Kind = "Node", PluralName = "nodes")]
[EntityScope(EntityScope.Cluster)]
public sealed record Node : KubernetesObject
{
    public JsonElement? Status { get; set; }
}
