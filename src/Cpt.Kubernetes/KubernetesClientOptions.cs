using System.Text.Json.Serialization;

namespace Cpt.Kubernetes;

public sealed record KubernetesClientOptions
{
    /// <summary>
    /// Contexts for kinds outside this assembly, made with the options of <see cref="KubernetesJson"/>. Those of this assembly are known anyway; one given here goes first.
    /// </summary>
    public IReadOnlyList<JsonSerializerContext> Json { get; init; } = [];

    /// <summary>Whose name the server notes beside the fields that are written, unless a call says otherwise.</summary>
    public string FieldManager { get; init; } = "cpt";

    public string UserAgent { get; init; } = "cpt/" + typeof(KubernetesClientOptions).Assembly.GetName().Version?.ToString(3);

    public RetryPolicy Retry { get; init; } = new();

    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>For each attempt of a call, with its answer; of a stream, until it is opened.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(60);

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Called with each warning the server sends along: deprecated versions, unknown or duplicate fields.</summary>
    public Action<string>? OnWarning { get; init; }

    /// <summary>Called before each pause: the call, why it is made again, and after how long.</summary>
    public Action<string, Exception, TimeSpan>? OnRetry { get; init; }

    /// <summary>Puts a handler around the connections: tests inject faults here.</summary>
    public Func<HttpMessageHandler, HttpMessageHandler>? WrapHandler { get; init; }
}
