using System.Text;

namespace Cpt.Models;

/// <summary>
/// The small files that stand beside the weights and travel with every checkpoint unchanged: tokenizer, chat template,
/// generation settings. Held in memory, so that a checkpoint can be written after its source directory has gone.
/// </summary>
public sealed class CompanionFiles
{
    private static readonly string[] s_patterns =
    [
        "generation_config.json", "tokenizer*.json", "vocab.json", "merges.txt", "special_tokens_map.json",
        "added_tokens.json", "chat_template*", "preprocessor_config.json", "video_preprocessor_config.json", "processor_config.json",
    ];

    private readonly SortedDictionary<string, byte[]> _files;

    private CompanionFiles(SortedDictionary<string, byte[]> files) => _files = files;

    public static CompanionFiles None { get; } = new([]);

    public IReadOnlyCollection<string> Names => _files.Keys;

    /// <summary>A file's bytes; null where there is none of this name.</summary>
    public byte[]? Find(string name) => _files.GetValueOrDefault(name);

    /// <summary>Of a model directory; only files at its top.</summary>
    public static CompanionFiles Read(string directory)
    {
        var files = new SortedDictionary<string, byte[]>(StringComparer.Ordinal);
        foreach (var path in s_patterns.SelectMany(pattern => Directory.EnumerateFiles(directory, pattern)))
        {
            files[Path.GetFileName(path)] = File.ReadAllBytes(path);
        }

        return new CompanionFiles(files);
    }

    /// <summary>Of texts made in memory, by file name.</summary>
    public static CompanionFiles Of(IEnumerable<KeyValuePair<string, string>> texts) =>
        new(new SortedDictionary<string, byte[]>(texts.ToDictionary(text => text.Key, text => Encoding.UTF8.GetBytes(text.Value), StringComparer.Ordinal), StringComparer.Ordinal));

    public void WriteTo(string directory)
    {
        foreach (var (name, content) in _files)
        {
            File.WriteAllBytes(Path.Combine(directory, name), content);
        }
    }
}
