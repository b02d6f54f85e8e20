using System.Security.Cryptography;
using System.Text;

namespace Cpt.Tasks;

/// <summary>
/// The content name of a task: SHA-256 over <c>path NUL sha256-of-content LF</c> of every file, ordered by path (ordinal).
/// This is the rule by which checkpoints and models are named, too; a test holds the two equal.
/// </summary>
public static class TaskDigest
{
    public static string OfFiles(IEnumerable<(string Path, string Digest)> files)
    {
        var text = new StringBuilder();
        foreach (var (path, digest) in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            text.Append(path).Append('\0').Append(digest).Append('\n');
        }

        return OfBytes(Encoding.UTF8.GetBytes(text.ToString()));
    }

    /// <summary>Covers every file under the directory, hidden ones and images included.</summary>
    public static string OfDirectory(string directory) => OfFiles(Directory
        .EnumerateFiles(directory, "*", new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None, IgnoreInaccessible = false })
        .Select(path => (Path.GetRelativePath(directory, path).Replace(Path.DirectorySeparatorChar, '/'), OfFile(path))));

    internal static string OfBytes(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    private static string OfFile(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.SequentialScan);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
