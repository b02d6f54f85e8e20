using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Cpt.Kubernetes.Tests;

/// <summary>A server that answers as a test tells it to, in order, over HTTP/2 and TLS; for what a real API server does not do when asked.</summary>
internal sealed class LocalServer : IAsyncDisposable
{
    private static readonly X509Certificate2 s_certificate = CreateCertificate();

    private readonly ConcurrentQueue<RequestDelegate> _answers = new();
    private readonly WebApplication _application;
    private int _connections;

    private LocalServer(int port, bool isSecure)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, port, listen =>
        {
            listen.Protocols = HttpProtocols.Http1AndHttp2;
            listen.Use(next => connection =>
            {
                Interlocked.Increment(ref _connections);
                return next(connection);
            });
            if (isSecure)
            {
                listen.UseHttps(s_certificate);
            }
        }));
        _application = builder.Build();
        _application.Run(AnswerAsync);
    }

    public ConcurrentQueue<Received> Requests { get; } = new();

    public int Connections => _connections;

    /// <summary>Answers what no answer was queued for; by default 404.</summary>
    public RequestDelegate Otherwise { get; set; } = context => JsonAsync(context, 404, """{"kind":"Status","code":404,"reason":"NotFound"}""");

    private Uri Address => new(_application.Urls.Single());

    /// <param name="port">0: any.</param>
    /// <param name="isSecure">False: plain HTTP/1.1, as <c>kubectl proxy</c> speaks.</param>
    public static async Task<LocalServer> StartAsync(int port = 0, bool isSecure = true)
    {
        var server = new LocalServer(port, isSecure);
        await server._application.StartAsync();
        return server;
    }

    public ClusterConfig Config => new() { Server = Address, CertificateAuthority = CertificateAuthority.FromPem(Encoding.ASCII.GetBytes(s_certificate.ExportCertificatePem())) };

    public KubernetesClient CreateClient(KubernetesClientOptions? options = null, ClusterCredentials? credentials = null) =>
        new(Config with { Credentials = credentials ?? ClusterCredentials.None }, (options ?? new()) with { Json = [TestJson.Default] });

    public LocalServer Answer(RequestDelegate answer)
    {
        _answers.Enqueue(answer);
        return this;
    }

    public LocalServer Answer(int code, string body = "{}", params (string Name, string Value)[] headers) => Answer(context =>
    {
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return JsonAsync(context, code, body);
    });

    /// <summary>Lines of a watch, then the end.</summary>
    public LocalServer AnswerLines(params string[] lines) => Answer(200, string.Concat(lines.Select(line => line + "\n")));

    /// <summary>Half an answer, and the stream is torn.</summary>
    public LocalServer Tear(string body = "") => Answer(async context =>
    {
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(body);
        await context.Response.Body.FlushAsync();
        context.Abort();
    });

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(0);
        await _application.StopAsync(atOnce.Token);
        await _application.DisposeAsync();
    }

    private static Task JsonAsync(HttpContext context, int code, string body)
    {
        context.Response.StatusCode = code;
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body);
    }

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Requests.Enqueue(new(context.Request.Method, context.Request.Path + context.Request.QueryString, await reader.ReadToEndAsync(), context.Request.Protocol, headers));
        await (_answers.TryDequeue(out var answer) ? answer : Otherwise)(context);
    }

    private static X509Certificate2 CreateCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}

internal sealed record Received(string Method, string Path, string Body, string Protocol, IReadOnlyDictionary<string, string> Headers);
