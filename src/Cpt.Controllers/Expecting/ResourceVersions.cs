namespace Cpt.Controllers;

/// <summary>
/// Versions of objects of one kind are decimal numbers that grow with every write (KEP-5504 makes that a promise). A server whose versions are not tells nothing.
/// </summary>
internal static class ResourceVersions
{
    public static bool IsOlder(string? version, string? than)
    {
        if (version is null || than is null || !IsNumber(version) || !IsNumber(than))
        {
            return false;
        }

        return version.Length != than.Length ? version.Length < than.Length : string.CompareOrdinal(version, than) < 0;
    }

    private static bool IsNumber(string version) => version.Length > 0 && !version.AsSpan().ContainsAnyExceptInRange('0', '9');
}
