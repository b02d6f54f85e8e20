using System.Text.Json.Nodes;
using Cpt.Kubernetes;

namespace Cpt.Controllers;

/// <summary>Where events go.</summary>
internal interface IEventSink
{
    Task CreateAsync(Event item, CancellationToken cancellation);

    Task CountAsync(Event item, int count, DateTimeOffset last, CancellationToken cancellation);
}

internal sealed class EventSink(KubernetesClient client) : IEventSink
{
    public Task CreateAsync(Event item, CancellationToken cancellation) => client.CreateAsync(item, cancellation: cancellation);

    public Task CountAsync(Event item, int count, DateTimeOffset last, CancellationToken cancellation) => client.PatchAsync<Event>(
        item.Metadata.Name!,
        item.Metadata.Namespace,
        Patch.Set("series", new JsonObject
        {
            ["count"] = count,
            ["lastObservedTime"] = last.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", System.Globalization.CultureInfo.InvariantCulture),
        }),
        cancellation: cancellation);
}
