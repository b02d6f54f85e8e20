using System.Text.Json;

namespace Cpt.Cli.Benchmarks.Operator;

/// <summary>The operator's calls as the API server wrote them down: not what the operator believes it did.</summary>
internal sealed class AuditCounts(string file)
{
    private static readonly HashSet<string> s_writes = new(StringComparer.Ordinal) { "create", "update", "patch", "delete", "deletecollection" };

    private long _position;

    /// <summary>Calls since the last time this was asked, by verb and resource: <c>patch continualruns/status</c>. Watches are left out.</summary>
    public SortedDictionary<string, int> Take()
    {
        var counts = new SortedDictionary<string, int>(StringComparer.Ordinal);
        using var stream = new FileStream(file, FileMode.OpenOrCreate, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = _position;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            // A line that is still being written comes with the next look.
            if (!line.EndsWith('}'))
            {
                break;
            }

            _position += System.Text.Encoding.UTF8.GetByteCount(line) + 1;
            using var entry = JsonDocument.Parse(line);
            if (NameOf(entry.RootElement) is { } name)
            {
                counts[name] = counts.GetValueOrDefault(name) + 1;
            }
        }

        return counts;
    }

    public static bool IsWrite(string call) => s_writes.Contains(call.Split(' ')[0]);

    /// <summary>A lease is renewed by the clock, whatever there is to do.</summary>
    public static bool IsLease(string call) => call.EndsWith(" leases", StringComparison.Ordinal);

    private static string? NameOf(JsonElement entry)
    {
        var verb = entry.GetProperty("verb").GetString()!;
        if (verb == "watch" || !entry.TryGetProperty("objectRef", out var target) || !target.TryGetProperty("resource", out var resource))
        {
            return null;
        }

        return $"{verb} {resource.GetString()}{(target.TryGetProperty("subresource", out var part) ? "/" + part.GetString() : "")}";
    }
}
