using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Kubernetes;

/// <summary>
/// The API of one cluster. Thread-safe; one is enough for a process: all calls and watches share a connection. Kinds are types with
/// <see cref="KubernetesEntityAttribute"/>. Every refusal of the server is a <see cref="KubernetesException"/>; no answer is an <see cref="ApiUnreachableException"/>.
/// Objects are never put back whole, see <see cref="Patch"/>.
/// </summary>
public sealed partial class KubernetesClient : IDisposable
{
    private readonly KubernetesClientOptions _options;
    private readonly RequestSender _sender;
    private readonly ConcurrentDictionary<Type, JsonTypeInfo> _types = new();

    public KubernetesClient(ClusterConfig cluster, KubernetesClientOptions? options = null)
    {
        Cluster = cluster;
        _options = options ?? new();
        _sender = new(cluster, _options);
    }

    public ClusterConfig Cluster { get; }

    /// <inheritdoc/>
    public void Dispose() => _sender.Dispose();

    /// <summary>The JSON form of a type: from the contexts of the options, then from this assembly's.</summary>
    /// <exception cref="InvalidOperationException">None of them has it.</exception>
    public JsonTypeInfo<T> JsonTypeOf<T>() => (JsonTypeInfo<T>)_types.GetOrAdd(typeof(T), static (type, contexts) =>
    {
        foreach (var context in contexts)
        {
            if (context.GetTypeInfo(type) is { } known)
            {
                return known;
            }
        }

        return KubernetesJson.Default.GetTypeInfo(type)
            ?? throw new InvalidOperationException(
                $"no JSON context knows {type}: add [JsonSerializable(typeof({type.Name}))] to one, and the context to KubernetesClientOptions.Json");
    }, _options.Json);

    /// <summary>Any path, as <c>kubectl get --raw</c>; for what has no type here.</summary>
    /// <param name="method">GET, POST, PUT, DELETE.</param>
    /// <param name="path">Begins with a slash.</param>
    /// <param name="body">JSON, if any.</param>
    /// <param name="cancellation">Ends the call.</param>
    /// <returns>Null where the answer is empty or no JSON.</returns>
    /// <exception cref="KubernetesException">Refused.</exception>
    public Task<JsonNode?> RawAsync(HttpMethod method, string path, JsonNode? body = null, CancellationToken cancellation = default)
    {
        var request = new ApiRequest(method, path)
        {
            Verb = method.Method.ToLowerInvariant(),
            IsIdempotent = method != HttpMethod.Post && method != HttpMethod.Patch,
            Accept = "application/json, */*",
            Body = body is null ? default : System.Text.Encoding.UTF8.GetBytes(body.ToJsonString()),
            ContentType = body is null ? null : "application/json",
        };
        return _sender.CallAsync<JsonNode?>(request, static async (stream, cancellation) =>
        {
            using var buffer = await ReadAllAsync(stream, cancellation);
            try
            {
                return buffer.Length == 0 ? null : JsonNode.Parse(buffer.Span);
            }
            catch (JsonException)
            {
                return JsonValue.Create(System.Text.Encoding.UTF8.GetString(buffer.Span));
            }
        }, cancellation);
    }

    private Task<T> CallAsync<T>(ApiRequest request, CancellationToken cancellation)
    {
        var type = JsonTypeOf<T>();
        return _sender.CallAsync(request, async (stream, cancellation) =>
        {
            using var buffer = await ReadAllAsync(stream, cancellation);
            return JsonSerializer.Deserialize(buffer.Span, type)!;
        }, cancellation);
    }

    private static async ValueTask<PooledBuffer> ReadAllAsync(Stream stream, CancellationToken cancellation)
    {
        var buffer = new PooledBuffer(16 << 10);
        try
        {
            while (await buffer.FillAsync(stream, cancellation) > 0)
            {
            }

            return buffer;
        }
        catch
        {
            buffer.Dispose();
            throw;
        }
    }
}
