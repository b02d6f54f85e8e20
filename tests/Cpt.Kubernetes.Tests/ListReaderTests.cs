using System.Text;
using System.Text.Json;

namespace Cpt.Kubernetes.Tests;

public sealed class ListReaderTests
{
    private const string Text = """
        { "kind":"WidgetList", "extra": {"items": [1, {"a": []}]}, "metadata":{"resourceVersion":"42","continue":"abc","selfLink":{"x":[1]},"remainingItemCount":3},
          "items":[ {"metadata":{"name":"ä"},"spec":{"color":"red","size":"unknown here"}}, {"metadata":{"name":"b","labels":{"k":"}]"}}} ], "more": [null] }
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(100)]
    [InlineData(10_000)]
    public async Task AListIsReadHoweverItIsCut(int chunk)
    {
        var list = await Read(Text, chunk);
        Assert.Equal(["ä", "b"], list.Items.Select(item => item.Metadata.Name));
        Assert.Equal("}]", list.Items[1].Metadata.Labels!["k"]);
        Assert.Equal(("42", "abc", 3), (list.ResourceVersion, list.Continue, list.RemainingItemCount));
    }

    [Fact]
    public async Task MetadataMayComeLast() =>
        Assert.Equal("7", (await Read("""{"items":[{"metadata":{"name":"a"}}],"metadata":{"resourceVersion":"7"}}""", 5)).ResourceVersion);

    [Theory]
    [InlineData("""{"items":null,"metadata":{"resourceVersion":"7"}}""")]
    [InlineData("""{"items":[],"metadata":{"resourceVersion":"7","continue":""}}""")]
    public async Task AListOfNoneIsEmpty(string text)
    {
        var list = await Read(text, 3);
        Assert.Empty(list.Items);
        Assert.Equal(("7", null), (list.ResourceVersion, list.Continue));
    }

    [Fact]
    public async Task AnObjectLargerThanEveryBufferIsRead()
    {
        var large = new string('x', 3_000_000);
        var list = await Read($$"""{"items":[{"metadata":{"name":"{{large}}"} },{"metadata":{"name":"b"} }]}""", 16_384);
        Assert.Equal([3_000_000, 1], list.Items.Select(item => item.Metadata.Name!.Length));
    }

    [Fact]
    public async Task AListThatBreaksOffIsNeverTakenForAShorterOne()
    {
        var bytes = Encoding.UTF8.GetBytes(Text.TrimEnd());
        for (var length = 0; length < bytes.Length; length++)
        {
            await Assert.ThrowsAnyAsync<IOException>(() => Read(Encoding.UTF8.GetString(bytes, 0, length), 64));
        }
    }

    [Fact]
    public async Task WhatIsNoListIsRefused() => await Assert.ThrowsAnyAsync<JsonException>(() => Read("[1]", 64));

    private static async Task<ResourceList<Widget>> Read(string text, int chunk)
    {
        await using var stream = new Chunked(Encoding.UTF8.GetBytes(text), chunk);
        return await new ListReader<Widget>(TestJson.Default.Widget, window: 1).ReadAsync(stream, default);
    }

    private sealed class Chunked(byte[] bytes, int chunk) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => base.ReadAsync(buffer[..Math.Min(chunk, buffer.Length)], cancellationToken);
    }
}
