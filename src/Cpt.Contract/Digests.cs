using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Cpt.Contract;

/// <summary>How models, tasks and stages are named by their content.</summary>
public static class Digests
{
    /// <summary>Prefix of row 0's evaluation, which belongs to a base model and not to a stage.</summary>
    public const string BaselinePrefix = "base-";

    /// <summary>SHA-256, 64 lowercase hex digits.</summary>
    public static string OfBytes(ReadOnlySpan<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content));

    public static string OfText(string content) => OfBytes(Encoding.UTF8.GetBytes(content));

    public static async Task<string> OfFileAsync(string path, CancellationToken cancellationToken = default)
    {
        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16, FileOptions.Asynchronous | FileOptions.SequentialScan);
        return Convert.ToHexStringLower(await SHA256.HashDataAsync(stream, cancellationToken).ConfigureAwait(false));
    }

    /// <summary>Digest of a directory: over <c>path NUL digest LF</c> of every file, ordered by path (ordinal).</summary>
    public static string OfFiles(IEnumerable<(string Path, string Digest)> files)
    {
        var text = new StringBuilder();
        foreach (var (path, digest) in files.OrderBy(file => file.Path, StringComparer.Ordinal))
        {
            text.Append(path).Append('\0').Append(digest).Append('\n');
        }

        return OfText(text.ToString());
    }

    /// <summary>
    /// Names a stage's result: 40 hex digits over the input checkpoint's digest, what is trained, and the contract version.
    /// Evaluation, names and checkpoint intervals do not enter: changing them must not train anything again. Of a task only its digest
    /// and its scorer count: where it is stored and what the run calls it do not change the weights.
    /// </summary>
    public static string StageHash(string inputDigest, TrainingSpec training)
    {
        var named = training.WithInputs(task => task with { Name = "", Uri = task.Digest is null ? task.Uri : "" });
        var text = string.Join('\n',
            "cpt-stage",
            StageSpec.CurrentVersion.ToString(System.Globalization.CultureInfo.InvariantCulture),
            inputDigest,
            JsonSerializer.Serialize(named, ContractJson.Default.TrainingSpec));
        return OfText(text)[..40];
    }

    /// <summary>Where row 0 of every run that starts from this base model stands.</summary>
    public static string BaselineHash(string baseModelDigest) => BaselinePrefix + baseModelDigest[..40];
}
