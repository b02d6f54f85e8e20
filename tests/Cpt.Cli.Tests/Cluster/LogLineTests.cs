using Cpt.Cli.Cluster.Logs;

namespace Cpt.Cli.Tests.Cluster;

/// <summary>What must hold without any server.</summary>
public sealed class LogLineTests
{
    [Fact]
    public async Task LinesAreWholeAndTheRestOfABrokenOneIsNone()
    {
        Assert.Equal(["a", "bé", ""], await ReadAsync("a\nbé\r\n\nhalf", final: false));
        Assert.Equal(["a", "half"], await ReadAsync("a\nhalf", final: true));
        Assert.Empty(await ReadAsync("", final: true));
    }

    [Fact]
    public void TheTimeIsTakenOffTheText()
    {
        var line = new LogLine("2026-01-02T03:04:05.123456789Z {\"a\": 1}");
        Assert.Equal("{\"a\": 1}", line.Text);
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).AddTicks(1234568), line.Time);
        Assert.Equal("", new LogLine("2026-01-02T03:04:05Z").Text);
        Assert.Equal("no time here", new LogLine("no time here").Text);
        Assert.Null(new LogLine("").Time);
    }

    [Fact]
    public void AfterABreakOnlyWhatIsNewIsNew()
    {
        var seen = new SeenLines();
        string[] lines = ["2026-01-02T03:00:00.1Z x", "2026-01-02T03:00:01.5Z same", "2026-01-02T03:00:01.5Z same", "2026-01-02T03:00:01.4Z late"];
        Assert.All(lines, line => Assert.True(seen.IsNew(new(line))));
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 2, 59, 59, 500, TimeSpan.Zero), seen.Since);

        seen.Reconnect();
        Assert.All(lines, line => Assert.False(seen.IsNew(new(line))));
        // A third one of a kind that was seen twice is new.
        Assert.True(seen.IsNew(new("2026-01-02T03:00:01.5Z same")));
    }

    [Fact]
    public void OnlyTheLastSecondsAreRemembered()
    {
        var seen = new SeenLines();
        Assert.True(seen.IsNew(new("2026-01-02T03:00:00Z old")));
        Assert.True(seen.IsNew(new("2026-01-02T03:00:10Z new")));
        seen.Reconnect();
        Assert.True(seen.IsNew(new("2026-01-02T03:00:00Z old")));
        Assert.False(seen.IsNew(new("2026-01-02T03:00:10Z new")));
    }

    private static async Task<List<string>> ReadAsync(string text, bool final)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(text));
        var lines = new List<string>();
        await foreach (var line in LogLine.ReadAsync(stream, final, CancellationToken.None))
        {
            lines.Add(line.Raw);
        }

        return lines;
    }
}
