using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Cpt.Kubernetes.Tests;

public sealed class WatchAllocationTests
{
    private const int Events = 1000;

    [Fact]
    public async Task AnEventCostsItsObjectAndNothingElse()
    {
        var bodies = Enumerable.Range(0, Events).Select(i => Encoding.UTF8.GetBytes(Body(i))).ToList();
        var lines = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, Events).Select(i => $$"""{"type":"MODIFIED","object":{{Body(i)}}}""" + "\n")));
        await MeasureAsync(lines); // code and pools are warm

        var objects = GC.GetAllocatedBytesForCurrentThread();
        foreach (var body in bodies)
        {
            GC.KeepAlive(JsonSerializer.Deserialize(body, TestJson.Default.Widget));
        }

        objects = GC.GetAllocatedBytesForCurrentThread() - objects;
        var watched = await MeasureAsync(lines);

        // A few hundred bytes for the connection; for the events nothing at all.
        Assert.InRange(watched - objects, 0, 4096);
    }

    private static async Task<long> MeasureAsync(byte[] lines)
    {
        using var response = new HttpResponseMessage { Content = new StreamContent(new MemoryStream(lines)) };
        var before = GC.GetAllocatedBytesForCurrentThread();
        await using var connection = new WatchConnection<Widget>(response, TestJson.Default.Widget, "GET /", TimeSpan.FromMinutes(1), TimeProvider.System);
        for (var i = 0; i < Events; i++)
        {
            Assert.NotNull(await connection.NextAsync(default));
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        Assert.Null(await connection.NextAsync(default));
        return allocated;
    }

    private static string Body(int i) =>
        $$"""{"apiVersion":"test.cpt.dev/v1","kind":"Widget","metadata":{"name":"w{{i.ToString(CultureInfo.InvariantCulture)}}","namespace":"ns","uid":"u","managedFields":[{"manager":"m","fieldsV1":{"f:spec":{} } }]},"spec":{"color":"red"} }""";
}
