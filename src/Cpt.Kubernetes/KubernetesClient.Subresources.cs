using System.Runtime.CompilerServices;

namespace Cpt.Kubernetes;

/// <content>Scale and logs.</content>
public sealed partial class KubernetesClient
{
    /// <exception cref="KubernetesException">Refused; the kind may have no scale.</exception>
    public Task<Scale> GetScaleAsync<T>(string name, string? @namespace, CancellationToken cancellation = default)
        where T : IKubernetesObject =>
        CallAsync<Scale>(Get("get", ResourceKind.Of<T>().PathOf(name, @namespace, "scale")), cancellation);

    /// <exception cref="KubernetesException">Refused; the kind may have no scale.</exception>
    public Task<Scale> PatchScaleAsync<T>(string name, string? @namespace, Patch patch, WriteOptions? options = null, CancellationToken cancellation = default)
        where T : IKubernetesObject =>
        CallAsync<Scale>(PatchOf(ResourceKind.Of<T>().PathOf(name, @namespace, "scale"), patch, options), cancellation);

    /// <summary>A container's log as it is. The caller disposes the stream; with <see cref="LogOptions.Follow"/> it ends with the container.</summary>
    /// <exception cref="KubernetesException">Refused: the container has not started, or the node is away.</exception>
    public async Task<Stream> ReadLogAsync(string pod, string @namespace, LogOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new();
        var path = new Query(ResourceKind.Of<Pod>().PathOf(pod, @namespace, "log"))
            .Add("container", options.Container)
            .AddIf(options.Follow, "follow")
            .AddIf(options.Previous, "previous")
            .AddIf(options.Timestamps, "timestamps")
            .Add("tailLines", options.TailLines)
            .Add("sinceSeconds", options.SinceSeconds)
            .Add("sinceTime", options.SinceTime?.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture))
            .Add("limitBytes", options.LimitBytes)
            .ToString();
        var response = await _sender.OpenAsync(Get("log", path) with { Accept = "application/json, */*" }, cancellation);
        return await response.Content.ReadAsStreamAsync(cancellation);
    }

    /// <summary>A container's log, line by line, each as soon as it is there.</summary>
    /// <exception cref="KubernetesException">Refused: the container has not started, or the node is away.</exception>
    public async IAsyncEnumerable<string> ReadLogLinesAsync(
        string pod, string @namespace, LogOptions? options = null, [EnumeratorCancellation] CancellationToken cancellation = default)
    {
        using var reader = new StreamReader(await ReadLogAsync(pod, @namespace, options, cancellation));
        while (await reader.ReadLineAsync(cancellation) is { } line)
        {
            yield return line;
        }
    }
}
