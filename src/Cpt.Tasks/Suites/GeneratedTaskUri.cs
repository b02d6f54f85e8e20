using System.Globalization;

namespace Cpt.Tasks;

/// <summary><c>generated://suite/task?option=value&amp;…</c>: a task that is made on the spot, the same one every time.</summary>
public sealed record GeneratedTaskUri(string Suite, string Task, IReadOnlyDictionary<string, string> Options)
{
    public const string Scheme = "generated://";

    public static bool IsOne(string uri) => uri.StartsWith(Scheme, StringComparison.Ordinal);

    /// <exception cref="TaskDataException">Not of that form.</exception>
    public static GeneratedTaskUri Parse(string uri)
    {
        if (!IsOne(uri))
            throw new TaskDataException($"task {uri}: must start with {Scheme}");

        var (path, query) = uri[Scheme.Length..].Split('?', 2) is [var left, var right] ? (left, right) : (uri[Scheme.Length..], "");
        if (path.Split('/') is not [{ Length: > 0 } suite, { Length: > 0 } task])
            throw new TaskDataException($"task {uri}: must be {Scheme}<suite>/<task>, for example {Scheme}digits/parity; suites are {string.Join(", ", Suites.Names)}");

        var options = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in query.Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            if (part.Split('=', 2) is not [{ Length: > 0 } key, { Length: > 0 } value])
                throw new TaskDataException($"task {uri}: '{part}' is no option; write option=value");
            if (!options.TryAdd(key, Uri.UnescapeDataString(value)))
                throw new TaskDataException($"task {uri}: option '{key}' is given twice");
        }

        return new GeneratedTaskUri(suite, task, options);
    }

    public override string ToString() => Scheme + Suite + "/" + Task +
        (Options.Count == 0 ? "" : "?" + string.Join('&', Options.Select(option => $"{option.Key}={Uri.EscapeDataString(option.Value)}")));

    internal void RefuseOptionsOtherThan(params IReadOnlyList<string> known)
    {
        foreach (var key in Options.Keys)
        {
            if (!known.Contains(key, StringComparer.Ordinal))
                throw new TaskDataException($"task {this}: unknown option '{key}'; the suite {Suite} knows {string.Join(", ", known)}");
        }
    }

    internal int Count(string key, int fallback, int minimum, int maximum)
    {
        if (!Options.TryGetValue(key, out var text))
            return fallback;

        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count >= minimum && count <= maximum
            ? count
            : throw new TaskDataException($"task {this}: {key}={text} must be a whole number from {minimum} to {maximum}");
    }

    internal ulong Seed()
    {
        if (!Options.TryGetValue("seed", out var text))
            return 0;

        return ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seed)
            ? seed
            : throw new TaskDataException($"task {this}: seed={text} must be a whole number from 0 to {ulong.MaxValue}");
    }
}
