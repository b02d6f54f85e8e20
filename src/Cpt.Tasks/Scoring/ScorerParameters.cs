using System.Globalization;

namespace Cpt.Tasks;

/// <summary>What stands in the parentheses of <c>Name(key=value, …)</c>.</summary>
internal sealed class ScorerParameters(string scorer, IReadOnlyDictionary<string, string> values)
{
    /// <exception cref="TaskDataException">Not of that form, or a parameter the scorer does not have.</exception>
    public static ScorerParameters Parse(string scorer, string text, IReadOnlyList<string> known)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (key, value) = part.Split('=', 2, StringSplitOptions.TrimEntries) is [var left, { Length: > 0 } right]
                ? (left, right)
                : throw new TaskDataException($"scorer {scorer}: '{part}' is no parameter; write {scorer}(key=value)");
            if (!known.Contains(key, StringComparer.Ordinal))
                throw new TaskDataException($"scorer {scorer}: unknown parameter '{key}'; " + (known.Count == 0 ? "it takes none" : $"known are {string.Join(", ", known)}"));
            if (!values.TryAdd(key, value))
                throw new TaskDataException($"scorer {scorer}: parameter '{key}' is given twice");
        }

        return new ScorerParameters(scorer, values);
    }

    public bool Flag(string key) => !values.TryGetValue(key, out var text) ? false : text switch
    {
        "true" => true,
        "false" => false,
        _ => throw new TaskDataException($"scorer {scorer}: {key}={text} must be true or false"),
    };

    public double NotNegative(string key, double fallback)
    {
        if (!values.TryGetValue(key, out var text))
            return fallback;

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) && number >= 0
            ? number
            : throw new TaskDataException($"scorer {scorer}: {key}={text} must be a number of at least 0, for example {key}=0.01");
    }

    public double NotNegative(string key, double fallback, double maximum) => NotNegative(key, fallback) is var number && number <= maximum
        ? number
        : throw new TaskDataException(string.Create(CultureInfo.InvariantCulture, $"scorer {scorer}: {key}={number} must be at most {maximum}"));

    public string OneOf(string key, IReadOnlyList<string> known)
    {
        var value = values.GetValueOrDefault(key, known[0]);
        return known.Contains(value, StringComparer.Ordinal) ? value : throw new TaskDataException($"scorer {scorer}: {key}={value} must be one of {string.Join(", ", known)}");
    }
}
