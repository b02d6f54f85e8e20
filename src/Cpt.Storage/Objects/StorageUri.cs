using Cpt.Contract;

namespace Cpt.Storage;

/// <summary>A parsed location: <c>file</c>, <c>pvc</c>, <c>azblob</c> or <c>bundled</c>.</summary>
/// <param name="Text">As it was given.</param>
/// <param name="Scheme">One of the constants.</param>
/// <param name="Root">Container or claim; empty for <c>file</c> and <c>bundled</c>.</param>
/// <param name="Path">Absolute for <c>file</c>; else relative, without slashes at its ends, maybe empty.</param>
public sealed record StorageUri(string Text, string Scheme, string Root, string Path)
{
    public const string File = "file";
    public const string Volume = "pvc";
    public const string Azure = "azblob";
    public const string Bundled = "bundled";

    private const string Forms = "use file:///directory, pvc://claim/path or azblob://container/path";

    /// <exception cref="StageFailureException">64, saying what is wrong with it and what would be right.</exception>
    public static StorageUri Parse(string uri)
    {
        var at = uri.IndexOf("://", StringComparison.Ordinal);
        if (at <= 0) throw Bad(uri, $"has no scheme; {Forms}");
        var scheme = uri[..at];
        var rest = Uri.UnescapeDataString(uri[(at + 3)..]);
        if (rest.Contains('\0', StringComparison.Ordinal) || rest.Split('/').Any(part => part is ".."))
            throw Bad(uri, "must not contain .. or a NUL");
        switch (scheme)
        {
            case File when rest.StartsWith('/'):
                return new StorageUri(uri, scheme, "", System.IO.Path.GetFullPath(rest));
            case File:
                throw Bad(uri, "is not absolute: after file:// comes a path that starts with /, as in file:///data/checkpoints");
            case Bundled:
                return new StorageUri(uri, scheme, "", Trimmed(uri, rest));
            case Volume or Azure:
                var slash = rest.IndexOf('/', StringComparison.Ordinal);
                var root = slash < 0 ? rest : rest[..slash];
                if (root.Length == 0 || root is ".")
                    throw Bad(uri, scheme == Azure ? "names no container: azblob://container/path" : "names no claim: pvc://claim/path");
                if (scheme == Azure && !(root.Length is >= 3 and <= 63 && root.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '$')))
                    throw Bad(uri, $"names the container \"{root}\"; a container's name has 3 to 63 lowercase letters, digits and hyphens");
                return new StorageUri(uri, scheme, root, slash < 0 ? "" : Trimmed(uri, rest[(slash + 1)..]));
            default:
                throw Bad(uri, $"has the unknown scheme {scheme}://; {Forms}");
        }
    }

    /// <summary>The directory behind <c>file</c>, <c>pvc</c> and <c>bundled</c>.</summary>
    internal string LocalDirectory(StorageOptions options) => Scheme switch
    {
        File => Path,
        Bundled => System.IO.Path.Combine(options.Variable("CPT_BUNDLE") ?? System.IO.Path.Combine(AppContext.BaseDirectory, "bundle"), Path),
        Volume => System.IO.Path.Combine(VolumeDirectory(options), Path),
        _ => throw new InvalidOperationException($"{Text} has no local directory"),
    };

    private string VolumeDirectory(StorageOptions options)
    {
        var volumes = options.Variable("CPT_VOLUMES") ?? throw new StageFailureException(ExitCodes.StorageUnavailable, "StorageUnavailable",
            $"{Text}: CPT_VOLUMES is not set; it names the directory under which volume claims are mounted (cpt run and the trainer's pod set it)");
        var directory = System.IO.Path.Combine(volumes, Root);
        // In a pod an absent mount is a mistake in the pod: writing to the container's own disk instead would lose every checkpoint with it.
        if (options.Variable("KUBERNETES_SERVICE_HOST") is not null && !Directory.Exists(directory))
            throw new StageFailureException(ExitCodes.StorageUnavailable, "StorageUnavailable",
                $"{Text}: claim {Root} is not mounted; {directory} does not exist in this pod");
        return directory;
    }

    private static string Trimmed(string uri, string path)
    {
        var trimmed = path.Trim('/');
        return trimmed.Contains("//", StringComparison.Ordinal) || trimmed.Split('/') is var parts && parts.Any(part => part is ".")
            ? throw Bad(uri, "has an empty or . part in its path")
            : trimmed;
    }

    private static StageFailureException Bad(string uri, string why) => new(ExitCodes.BadSpec, "BadStorageUri", $"storage URI \"{uri}\" {why}");
}
