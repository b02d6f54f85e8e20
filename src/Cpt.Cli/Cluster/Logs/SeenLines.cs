namespace Cpt.Cli.Cluster.Logs;

/// <summary>
/// Where a log was left when its connection broke. The server takes a time in whole seconds to go on from, so that the lines of the last seconds come once more; lines of
/// two streams may also be out of order by a little. Hence the lines of the last seconds are kept, and each is passed over once for each time it was seen.
/// </summary>
internal sealed class SeenLines
{
    private static readonly TimeSpan s_overlap = TimeSpan.FromSeconds(2);

    private readonly Queue<(DateTimeOffset Time, string Raw)> _recent = new();
    private Dictionary<string, int> _again = new(StringComparer.Ordinal);
    private DateTimeOffset? _newest;

    /// <summary>From where to read on; null: nothing was read yet, or not with times.</summary>
    public DateTimeOffset? Since => _newest - s_overlap;

    /// <summary>A new connection begins.</summary>
    public void Reconnect() => _again = _recent.GroupBy(line => line.Raw, StringComparer.Ordinal).ToDictionary(lines => lines.Key, lines => lines.Count(), StringComparer.Ordinal);

    /// <returns>False: it was read over an earlier connection.</returns>
    public bool IsNew(LogLine line)
    {
        if (_again.TryGetValue(line.Raw, out var left) && left > 0)
        {
            _again[line.Raw] = left - 1;
            return false;
        }

        if (line.Time is { } time)
        {
            _newest = _newest is { } newest && newest > time ? newest : time;
            _recent.Enqueue((time, line.Raw));
            // A second more than is asked for again: the server cuts fractions off.
            while (_recent.Peek().Time < _newest - s_overlap - TimeSpan.FromSeconds(1))
            {
                _recent.Dequeue();
            }
        }

        return true;
    }
}
