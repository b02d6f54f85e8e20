using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;

namespace Cpt.Kubernetes;

/// <summary>
/// A change to a stored object. Objects are changed by patches alone, never put back whole: fields that this program has never heard of stay as they are.
/// </summary>
public sealed class Patch
{
    private Patch(string contentType, ReadOnlyMemory<byte> body, bool isIdempotent) => (ContentType, Body, IsIdempotent) = (contentType, body, isIdempotent);

    public string ContentType { get; }

    /// <summary>UTF-8.</summary>
    public ReadOnlyMemory<byte> Body { get; }

    /// <summary>Whether it may be sent again when nobody knows whether it arrived.</summary>
    internal bool IsIdempotent { get; }

    /// <summary>
    /// RFC 7396: members replace, nulls remove, lists are replaced whole. With <c>metadata.resourceVersion</c> in it, it applies to that version alone; it is then never
    /// sent twice, for if the first one arrived, the second one would report a conflict with oneself.
    /// </summary>
    public static Patch Merge(JsonObject changes) =>
        new("application/merge-patch+json", Bytes(changes), isIdempotent: changes["metadata"] is not JsonObject metadata || metadata["resourceVersion"] is null);

    /// <summary>RFC 6902: operations, all or none. <see cref="JsonPatch"/> writes them.</summary>
    public static Patch Json(JsonPatch operations) => new("application/json-patch+json", Bytes(operations.ToJson()), isIdempotent: false);

    /// <summary>As merge, but lists with keys are merged by them; for kinds built into the server, not for custom resources.</summary>
    public static Patch StrategicMerge(JsonObject changes) => new("application/strategic-merge-patch+json", Bytes(changes), isIdempotent: false);

    /// <summary>
    /// The merge patch that turns <paramref name="before"/> into <paramref name="after"/>. Both lack what the type does not know, so the patch never touches it.
    /// </summary>
    /// <param name="before">As it was read.</param>
    /// <param name="after">As it should be.</param>
    /// <param name="type">The JSON form of both.</param>
    /// <param name="onlyIfUnchanged">The patch fails with a conflict when somebody else wrote since <paramref name="before"/> was read.</param>
    /// <returns>Null when there is nothing to change: no call is needed.</returns>
    public static Patch? Between<T>(T before, T after, JsonTypeInfo<T> type, bool onlyIfUnchanged = false)
        where T : IKubernetesObject
    {
        var changes = MergeDifference.Between(JsonSerializer.SerializeToNode(before, type)!.AsObject(), JsonSerializer.SerializeToNode(after, type)!.AsObject());
        if (changes is null)
        {
            return null;
        }

        if (onlyIfUnchanged)
        {
            var metadata = changes["metadata"]?.AsObject() ?? [];
            metadata["resourceVersion"] = before.Metadata.ResourceVersion;
            changes["metadata"] ??= metadata;
        }

        return Merge(changes);
    }

    /// <summary>A patch that sets one subtree and nothing else, for instance <c>status</c>.</summary>
    public static Patch Set(string member, JsonNode? value) => Merge(new() { [member] = value });

    internal static Patch Apply(ReadOnlyMemory<byte> body) => new("application/apply-patch+yaml", body, isIdempotent: true);

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(Body.Span);

    private static byte[] Bytes(JsonNode node)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            node.WriteTo(writer);
        }

        return stream.ToArray();
    }
}
