using Cpt.Tasks;

namespace Cpt.Cli.Importing;

/// <summary>Takes samples of one split, and puts their pictures into the task's directory.</summary>
/// <param name="directory">Of the task.</param>
/// <param name="definition">Of the task.</param>
/// <param name="limit">Samples at most.</param>
/// <param name="link">Pictures are linked to, not copied.</param>
/// <param name="pictures">Where each picture in the directory came from; both splits share them.</param>
internal sealed class ImportSink(string directory, TaskDefinition definition, int limit, bool link, Dictionary<string, string> pictures)
{
    /// <summary>As large as a task's picture may be.</summary>
    private const long LargestPicture = 64L << 20;

    private readonly List<Sample> _samples = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);

    public IReadOnlyList<Sample> Samples => _samples;

    public bool IsFull => _samples.Count >= limit;

    /// <summary>Entries that a task of this kind has no use for.</summary>
    public int LeftOut { get; private set; }

    public void LeaveOut() => LeftOut++;

    /// <exception cref="TaskDataException">The id was there before, or the scorer could never judge it; the message names the entry.</exception>
    public void Add(Entry entry, Sample sample)
    {
        if (!_ids.Add(sample.Id))
            throw entry.Wrong("id", $"'{sample.Id}' is the id of an earlier entry as well");
        if (Scorers.Get(sample.Scorer ?? definition.Scorer).Problem(sample) is { } problem)
            throw new TaskDataException($"{entry.Where}: {problem} (scorer {sample.Scorer ?? definition.Scorer})");
        _samples.Add(sample);
    }

    /// <summary>A picture of a file; its path in the task.</summary>
    /// <param name="entry">That shows it.</param>
    /// <param name="file">Copied, or linked to.</param>
    /// <param name="name">In the task, without extension; the same name is the same picture.</param>
    public string Picture(Entry entry, string file, string name)
    {
        var path = PathOf(name, Path.GetExtension(file));
        if (pictures.TryGetValue(path, out var known))
            return known == file ? path : throw entry.Wrong("image", $"{file} and {known} would both become {path}");

        if (new FileInfo(file).Length > LargestPicture)
            throw entry.Wrong("image", $"{file} has {new FileInfo(file).Length} bytes; a picture may have {LargestPicture}");

        var target = Prepared(path);
        if (link)
            File.CreateSymbolicLink(target, file);
        else
            File.Copy(file, target);
        pictures.Add(path, file);
        return path;
    }

    /// <summary>A picture of bytes; its path in the task. The same entry may show it again.</summary>
    public string Picture(Entry entry, string field, byte[] bytes, string name)
    {
        if (bytes.Length > LargestPicture)
            throw entry.Wrong(field, $"{bytes.Length} bytes; a picture may have {LargestPicture}");

        var extension = bytes is [0x89, (byte)'P', (byte)'N', (byte)'G', ..] ? ".png" : bytes is [0xFF, 0xD8, ..] ? ".jpg" : throw entry.Wrong(field, "holds neither a PNG nor a JPEG picture; convert it");
        var path = PathOf(name, extension);
        if (pictures.TryGetValue(path, out var known))
            return known == entry.Where ? path : throw entry.Wrong(field, $"{path} is the name of another entry's picture as well");

        File.WriteAllBytes(Prepared(path), bytes);
        pictures.Add(path, entry.Where);
        return path;
    }

    private static string PathOf(string name, string extension) =>
        "images/" + string.Concat(name.Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' ? character : '_')) + extension.ToLowerInvariant();

    private string Prepared(string path)
    {
        var target = Path.Combine(directory, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        return target;
    }
}
