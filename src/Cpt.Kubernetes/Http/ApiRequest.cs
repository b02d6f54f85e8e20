using System.Net.Http.Headers;

namespace Cpt.Kubernetes;

/// <summary>One call, in a form that can be sent again.</summary>
internal sealed record ApiRequest(HttpMethod Method, string Path)
{
    /// <summary>For metrics and messages: <c>list</c> and <c>watch</c> are both GET.</summary>
    public required string Verb { get; init; }

    public string Accept { get; init; } = "application/json";

    public ReadOnlyMemory<byte> Body { get; init; }

    public string? ContentType { get; init; }

    /// <summary>Whether sending it twice leaves the same state as sending it once.</summary>
    public required bool IsIdempotent { get; init; }

    public HttpRequestMessage ToMessage(Uri server)
    {
        // A server behind a path (a proxy of many clusters) keeps it.
        var message = new HttpRequestMessage(Method, new Uri(server.GetLeftPart(UriPartial.Path).TrimEnd('/') + Path))
        {
            Version = System.Net.HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionOrLower,
        };
        message.Headers.TryAddWithoutValidation("Accept", Accept);
        if (ContentType is not null)
        {
            message.Content = new ReadOnlyMemoryContent(Body);
            message.Content.Headers.ContentType = new MediaTypeHeaderValue(ContentType);
        }

        return message;
    }
}
