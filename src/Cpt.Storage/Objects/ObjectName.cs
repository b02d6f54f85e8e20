namespace Cpt.Storage;

/// <summary>Guards every name before it becomes a path or a blob: names reach here from manifests, which anybody may have written.</summary>
internal static class ObjectName
{
    public static string Checked(string name) => IsSafe(name)
        ? name
        : throw new ArgumentException($"\"{name}\" is not a name under a store: relative, forward slashes, no empty, . or .. part", nameof(name));

    /// <summary>Relative, forward slashes, no part empty, <c>.</c> or <c>..</c>, no control characters.</summary>
    public static bool IsSafe(string name) =>
        name.Length is > 0 and <= 900
        && !name.Contains('\\', StringComparison.Ordinal)
        && !name.Any(char.IsControl)
        && name.Split('/').All(part => part is not ("" or "." or ".."));

    public static bool IsDigest(string? text) => text is { Length: 64 } && text.All(char.IsAsciiHexDigitLower);
}
