using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace Cpt.Cli.Cluster.Logs;

/// <summary>A line of a container's log as the server gives it with <c>timestamps=true</c>.</summary>
/// <param name="Raw">The time, a blank, the text.</param>
internal readonly record struct LogLine(string Raw)
{
    private int Blank => Raw.IndexOf(' ', StringComparison.Ordinal);

    /// <summary>When the node took it down; null where the line does not begin with a time.</summary>
    public DateTimeOffset? Time => DateTimeOffset.TryParse(Blank < 0 ? Raw : Raw.AsSpan(0, Blank), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) && Raw.Length > 0 && char.IsAsciiDigit(Raw[0]) ? time : null;

    public string Text => Time is null ? Raw : Blank < 0 ? "" : Raw[(Blank + 1)..];

    /// <summary>Whole lines, each as soon as it is there. What a broken connection leaves of a line is not one: it is read again, whole.</summary>
    /// <param name="log">Read to its end.</param>
    /// <param name="final">The container has ended: its last line may lack the line feed.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async IAsyncEnumerable<LogLine> ReadAsync(Stream log, bool final, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var buffer = new byte[16 << 10];
        var line = new MemoryStream();
        while (await log.ReadAsync(buffer, cancellation) is var count and > 0)
        {
            var rest = buffer.AsMemory(0, count);
            while (rest.Span.IndexOf((byte)'\n') is var end and >= 0)
            {
                line.Write(rest.Span[..end]);
                yield return Take(line);
                rest = rest[(end + 1)..];
            }

            line.Write(rest.Span);
        }

        if (final && line.Length > 0)
        {
            yield return Take(line);
        }
    }

    private static LogLine Take(MemoryStream line)
    {
        var text = Encoding.UTF8.GetString(line.GetBuffer(), 0, (int)line.Length);
        line.SetLength(0);
        return new(text.EndsWith('\r') ? text[..^1] : text);
    }
}
