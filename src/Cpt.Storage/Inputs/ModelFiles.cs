namespace Cpt.Storage;

/// <summary>Which files at the top of a directory are the model: they and no others make its digest and travel with it.</summary>
public static class ModelFiles
{
    private static readonly HashSet<string> s_names = new(StringComparer.Ordinal)
    {
        "config.json", "generation_config.json", "vocab.json", "merges.txt", "special_tokens_map.json", "added_tokens.json", "preprocessor_config.json",
    };

    public static bool Belongs(string name) =>
        !name.Contains('/', StringComparison.Ordinal)
        && (s_names.Contains(name)
            || (name.StartsWith("tokenizer", StringComparison.Ordinal) && name.EndsWith(".json", StringComparison.Ordinal))
            || name.StartsWith("chat_template", StringComparison.Ordinal)
            || name.EndsWith(".safetensors", StringComparison.Ordinal)
            || name.EndsWith(".safetensors.index.json", StringComparison.Ordinal));

    /// <summary>Names in a directory, ordinal order.</summary>
    public static IReadOnlyList<string> In(string directory) =>
        [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path)).Where(Belongs).Order(StringComparer.Ordinal)];

    /// <summary>Throws exit code 66 unless the names hold a configuration and weights.</summary>
    internal static void Require(IReadOnlyCollection<string> names, string where)
    {
        if (!names.Contains("config.json"))
            throw StorageErrors.NotFound($"{where}: no config.json; a model directory in Hugging Face form is needed (config.json, tokenizer.json, *.safetensors){Found(names)}");
        if (!names.Any(name => name.EndsWith(".safetensors", StringComparison.Ordinal)))
            throw StorageErrors.NotFound($"{where}: no *.safetensors file; weights in other forms (.bin, .pt, .gguf) are not read: convert them{Found(names)}");
    }

    private static string Found(IReadOnlyCollection<string> names) => names.Count == 0 ? "" : $"; found: {string.Join(", ", names)}";
}
